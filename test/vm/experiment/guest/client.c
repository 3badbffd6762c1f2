/*
 * An open-loop HTTP client for one server on this machine. It sends each request when it is due,
 * whether or not earlier ones have been answered, and takes the time from when it was due: no
 * request waits for another one unseen (coordinated omission). With more requests than connections
 * the oldest waits here, in order, and its time runs.
 *
 * client PORT MOST < DUE > RESULTS
 *
 * It opens all connections, has an answer on each, and says "ready". Then it reads DUE.
 *
 * DUE has a line with the start, ns of CLOCK_MONOTONIC, and one for each request: ns after that, in
 * order.
 * RESULTS has a line for each in the same order: ns from when it was due until this program ran
 * and saw that, until it was sent, and until the last byte of its answer; -1 for what was not
 * answered MOST ns after the last was due.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

/* As of a proxy. One that is opened while the server is late would wait to be accepted, too. */
#define CONNECTIONS 32
#define HEAD 2048

static const char REQUEST[] = "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n";

struct request {
  long long due_ns, seen_ns, sent_ns, answered_ns;
};

struct connection {
  int fd;
  long request;   /* -1: none */
  size_t seen;    /* bytes of the head */
  long long body; /* bytes that are missing; -1: the head is not complete */
  char head[HEAD + 1];
};

static struct request* requests;
static long count, next, waiting, answered;
static struct connection connections[CONNECTIONS];
static int epoll;

static void fail(const char* what) {
  fprintf(stderr, "client: %s: %s\n", what, strerror(errno));
  exit(1);
}

static long long now_ns(void) {
  struct timespec now;

  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * 1000000000LL + now.tv_nsec;
}

static void read_due(void) {
  long room = 0;
  long long start_ns, due;

  if (scanf("%lld", &start_ns) != 1) return;
  while (scanf("%lld", &due) == 1) {
    if (count == room)
      requests = realloc(requests, (room = room ? 2 * room : 1024) * sizeof(*requests));
    if (!requests) fail("memory");
    requests[count++] = (struct request){.due_ns = start_ns + due, .answered_ns = -1};
  }
}

static void send_on(struct connection* connection) {
  connection->seen = 0;
  connection->body = -1;
  if (write(connection->fd, REQUEST, sizeof(REQUEST) - 1) != sizeof(REQUEST) - 1) fail("write");
}

static struct connection* idle_connection(void) {
  for (int i = 0; i < CONNECTIONS; i++)
    if (connections[i].request < 0) return &connections[i];
  return NULL;
}

/* Sends what is due and has a connection. */
static void send_due(void) {
  for (; waiting < next; waiting++) {
    struct connection* connection = idle_connection();

    if (!connection) return;
    connection->request = waiting;
    requests[waiting].sent_ns = now_ns();
    send_on(connection);
  }
}

/* Takes bytes of an answer; true: it is complete. */
static bool take(struct connection* connection, const char* bytes, size_t length) {
  char *end, *field;
  size_t used = length < HEAD - connection->seen ? length : HEAD - connection->seen;

  if (connection->body >= 0) {
    connection->body -= length;
    return connection->body <= 0;
  }
  memcpy(connection->head + connection->seen, bytes, used);
  connection->seen += used;
  connection->head[connection->seen] = 0;
  end = strstr(connection->head, "\r\n\r\n");
  if (!end) return false;
  field = strcasestr(connection->head, "\r\ncontent-length:");
  if (strncmp(connection->head, "HTTP/1.1 200", 12) || !field || field > end) {
    fprintf(stderr, "client: an answer without 200 or a length: %s\n", connection->head);
    exit(1);
  }
  connection->body = atoll(field + 17) -
                     (long long)(connection->seen - (end + 4 - connection->head)) -
                     (long long)(length - used);
  return connection->body <= 0;
}

/* true: the answer is complete. */
static bool receive(struct connection* connection) {
  static char bytes[1 << 16];
  ssize_t got = read(connection->fd, bytes, sizeof(bytes));

  if (got < 0) fail("read");
  if (got == 0) {
    fprintf(stderr, "client: the server closed a connection\n");
    exit(1);
  }
  return take(connection, bytes, got);
}

static void open_connection(struct connection* connection, int port) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
  struct epoll_event event = {.events = EPOLLIN, .data.ptr = connection};
  int one = 1;

  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  connection->request = -1;
  connection->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (connection->fd < 0) fail("socket");
  if (connect(connection->fd, (struct sockaddr*)&address, sizeof(address))) fail("connect");
  setsockopt(connection->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
  send_on(connection);
  while (!receive(connection));
  if (epoll_ctl(epoll, EPOLL_CTL_ADD, connection->fd, &event)) fail("epoll_ctl");
}

static void set_timer(int timer, long long at_ns) {
  struct itimerspec at = {.it_value = {at_ns / 1000000000LL, at_ns % 1000000000LL}};

  if (timerfd_settime(timer, TFD_TIMER_ABSTIME, &at, NULL)) fail("timerfd_settime");
}

int main(int argc, char** argv) {
  struct epoll_event event = {.events = EPOLLIN}, found[64];
  int port = argc == 3 ? atoi(argv[1]) : 0, timer;
  long long end_ns;

  if (!port) return 2;
  epoll = epoll_create1(EPOLL_CLOEXEC);
  timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);
  if (epoll < 0 || timer < 0 || epoll_ctl(epoll, EPOLL_CTL_ADD, timer, &event)) fail("epoll");
  for (int i = 0; i < CONNECTIONS; i++) open_connection(&connections[i], port);
  puts("ready");
  fflush(stdout);
  read_due();
  if (!count) return 0;
  end_ns = requests[count - 1].due_ns + atoll(argv[2]);
  while (answered < count && now_ns() < end_ns) {
    set_timer(timer, next < count ? requests[next].due_ns : end_ns);
    for (int i = epoll_wait(epoll, found, 64, -1) - 1; i >= 0; i--) {
      struct connection* connection = found[i].data.ptr; /* NULL: the timer */

      if (!connection || !receive(connection)) continue;
      requests[connection->request].answered_ns = now_ns();
      connection->request = -1;
      answered++;
    }
    for (long long now = now_ns(); next < count && requests[next].due_ns <= now;)
      requests[next++].seen_ns = now;
    send_due();
  }
  for (long i = 0; i < count; i++) {
    struct request* one = &requests[i];

    printf("%lld %lld %lld\n", one->seen_ns ? one->seen_ns - one->due_ns : -1,
           one->sent_ns ? one->sent_ns - one->due_ns : -1,
           one->answered_ns < 0 ? -1 : one->answered_ns - one->due_ns);
  }
  return 0;
}
