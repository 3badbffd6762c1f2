// SPDX-License-Identifier: MIT
/*
 * A process that speaks to schedhint-broker byte by byte, as a test asks it to on stdin; each line
 * is answered with one line on stdout, {"error":NAME,"what"} if it failed. Descriptors and threads
 * go by their numbers.
 *
 *   connect PATH               {"fd":n}
 *   send FD HEX [FD]...        {"sent":n}      bytes, with descriptors
 *   receive FD BYTES           {"bytes":hex}   as many, or what came before the end
 *   memfd BYTES FLAGS          {"fd":n}        of memfd_create(2), without pages
 *   allocate FD BYTES          {"ok":true}     with pages
 *   map FD BYTES               {"ok":true}     writable
 *   seal FD SEALS              {"ok":true}
 *   open PATH FLAGS            {"fd":n}        created if it is not there
 *   size FD BYTES              {"ok":true}
 *   pidfd TID FLAGS            {"fd":n}
 *   eventfd                    {"fd":n}
 *   punch FD OFFSET BYTES      {"ok":true}     makes a hole
 *   remove FD OFFSET BYTES     {"ok":true}     makes one by way of the mapping
 *   write FD OFFSET HEX        {"ok":true}     by write(2)
 *   poke FD OFFSET HEX         {"ok":true}     in the mapping
 *   peek FD OFFSET BYTES       {"bytes":hex}
 *   thread                     {"tid":n}       which waits for a command
 *   end TID                    {"ok":true}     when it is gone
 *   close FD                   {"ok":true}
 *   uid N                      {"ok":true}     and no way back
 *   no-bpf                     {"ok":true}     bpf(2) is refused from now on, as in a container
 *   bpf                        {"ok":true}     tries it
 *   descriptors                {"count":n}
 *   heir                       {"ok":true}     a child that has what this process has, and outlives
 * it stalling DIRECTORY         {"fd":n}        of a file that no one can close, see stalling_fs.h
 *   flood PATH N               {"ok":true}     see flood.h
 *   walk PATH MAP N ALLOCATED  {"memories":n,...}  see walk.h
 *   rebind PATH MAP N          {"ok":true}     see walk.h
 *   datagrams PATH             {"fd":n}        a socket that takes them
 *
 * `client activate PATH COMMAND...` runs a command with a listening socket, as systemd does.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <pthread.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include "flood.h"
#include "json.h"
#include "stalling_fs.h"
#include "walk.h"

#define MAX_WORDS 300
#define MAX_DESCRIPTORS 253 /* SCM_MAX_FD */
#define MAX_THREADS 2048
#define MAX_MAPPED 1024

static struct thread {
  pthread_t id;
  pid_t tid;
  int wake[2];
} threads[MAX_THREADS];
static size_t thread_count;

static struct {
  unsigned char* at;
  size_t size;
} mapped[MAX_MAPPED]; /* by descriptor */

static void answer_error(const char* what) {
  printf("{\"error\":");
  json_string(strerrorname_np(errno) ?: "?");
  printf(",\"what\":");
  json_string(what);
  puts("}");
}

static void answer(const char* name, long value) {
  if (value < 0)
    answer_error(name);
  else
    printf("{\"%s\":%ld}\n", name, value);
}

static void answer_ok(int result) {
  if (result)
    answer_error("");
  else
    puts("{\"ok\":true}");
}

static void answer_bytes(const unsigned char* bytes, ssize_t size) {
  if (size < 0) {
    answer_error("bytes");
    return;
  }
  printf("{\"bytes\":");
  json_hex(bytes, (size_t)size);
  puts("}");
}

static size_t from_hex(const char* hex, unsigned char** bytes) {
  size_t size = strlen(hex) / 2;

  *bytes = malloc(size + 1);
  for (size_t i = 0; i < size; i++) sscanf(hex + 2 * i, "%2hhx", &(*bytes)[i]);
  return size;
}

/* A socket that has been connected or bound to a path; -1 and errno. */
static int socket_at(const char* path, int type,
                     int (*join)(int, const struct sockaddr*, socklen_t)) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  int fd = socket(AF_UNIX, type, 0);

  strncpy(address.sun_path, path, sizeof(address.sun_path) - 1);
  if (!join(fd, (struct sockaddr*)&address, sizeof(address))) return fd;
  int error = errno;
  close(fd);
  errno = error;
  return -1;
}

static void send_to(int fd, const char* hex, int count, char** word) {
  char control[CMSG_SPACE(sizeof(int) * MAX_DESCRIPTORS)] = {0};
  unsigned char* bytes;
  struct iovec data = {.iov_len = from_hex(hex, &bytes)};
  struct msghdr message = {.msg_iov = &data, .msg_iovlen = 1};

  data.iov_base = bytes;
  if (count > 0) {
    struct cmsghdr* part = (struct cmsghdr*)control;

    message.msg_control = control;
    message.msg_controllen = CMSG_SPACE(sizeof(int) * count);
    part->cmsg_level = SOL_SOCKET;
    part->cmsg_type = SCM_RIGHTS;
    part->cmsg_len = CMSG_LEN(sizeof(int) * count);
    for (int i = 0; i < count; i++) ((int*)CMSG_DATA(part))[i] = atoi(word[i]);
  }
  answer("sent", sendmsg(fd, &message, MSG_NOSIGNAL));
  free(bytes);
}

static void receive(int fd, size_t size) {
  unsigned char* bytes = malloc(size);
  size_t filled = 0;
  ssize_t got = 0;

  while (filled < size && (got = recv(fd, bytes + filled, size - filled, 0)) > 0) filled += got;
  answer_bytes(bytes, filled == 0 && got < 0 ? -1 : (ssize_t)filled);
  free(bytes);
}

static void make_memfd(off_t size, unsigned flags) {
  int fd = memfd_create("test", flags | MFD_CLOEXEC);

  if (fd < 0 || ftruncate(fd, size))
    answer_error("memfd");
  else
    answer("fd", fd);
}

static int map(int fd, size_t size) {
  void* at = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

  if (at == MAP_FAILED) return -1;
  if (fd >= MAX_MAPPED) abort();
  mapped[fd].at = at;
  mapped[fd].size = size;
  return 0;
}

static int close_mapped(int fd) {
  if (fd >= 0 && fd < MAX_MAPPED && mapped[fd].at) {
    munmap(mapped[fd].at, mapped[fd].size);
    mapped[fd].at = NULL;
  }
  return close(fd);
}

static unsigned char* place_of(int fd, size_t offset, size_t size) {
  if (!mapped[fd].at || offset + size > mapped[fd].size) abort();
  return mapped[fd].at + offset;
}

static void write_to(int fd, off_t offset, const char* hex) {
  unsigned char* bytes;
  size_t size = from_hex(hex, &bytes);

  answer_ok(pwrite(fd, bytes, size, offset) == (ssize_t)size ? 0 : -1);
  free(bytes);
}

static void poke(int fd, size_t offset, const char* hex) {
  unsigned char* bytes;
  size_t size = from_hex(hex, &bytes);

  memcpy(place_of(fd, offset, size), bytes, size);
  answer_ok(0);
  free(bytes);
}

static void* wait_for_end(void* argument) {
  struct thread* thread = argument;
  char byte;

  thread->tid = gettid();
  if (write(thread->wake[1], "", 1) != 1) abort();
  if (recv(thread->wake[1], &byte, 1, 0) != 1) abort();
  return NULL;
}

static void start_thread(void) {
  struct thread* thread = &threads[thread_count];
  pthread_attr_t attributes;
  char byte;

  if (thread_count == MAX_THREADS || socketpair(AF_UNIX, SOCK_STREAM, 0, thread->wake)) abort();
  pthread_attr_init(&attributes);
  pthread_attr_setstacksize(&attributes, 64 * 1024);
  if (pthread_create(&thread->id, &attributes, wait_for_end, thread)) abort();
  if (read(thread->wake[0], &byte, 1) != 1) abort();
  thread_count++;
  answer("tid", thread->tid);
}

static void end_thread(pid_t tid) {
  for (size_t i = 0; i < thread_count; i++) {
    struct thread* thread = &threads[i];

    if (thread->tid != tid) continue;
    if (write(thread->wake[0], "", 1) != 1) abort();
    pthread_join(thread->id, NULL);
    close(thread->wake[0]);
    close(thread->wake[1]);
    thread->tid = 0;
    break;
  }
  answer_ok(0);
}

static int refuse_bpf(void) {
  struct sock_filter code[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_bpf, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  struct sock_fprog program = {.len = sizeof(code) / sizeof(code[0]), .filter = code};

  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)) return -1;
  return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program);
}

static int try_bpf(void) {
  union bpf_attr attr = {0};

  return syscall(SYS_bpf, BPF_MAP_GET_NEXT_ID, &attr, sizeof(attr)) < 0 ? -1 : 0;
}

static long count_descriptors(void) {
  DIR* directory = opendir("/proc/self/fd");
  long count = -1; /* the directory's own */

  while (directory && readdir(directory)) count++;
  if (directory) closedir(directory);
  return count - 2; /* . and .. */
}

/* It ends when the test lets go of stdin. */
static int fork_heir(void) {
  struct pollfd test = {.fd = STDIN_FILENO};
  pid_t child = fork();

  if (child != 0) return child < 0 ? -1 : 0;
  close(STDOUT_FILENO);
  close(STDERR_FILENO);
  while (!(test.revents & POLLHUP)) poll(&test, 1, -1);
  _exit(0);
}

static void report_walk(char** word) {
  struct walked walked = {0};

  if (walk(word[1], word[2], strtoul(word[3], NULL, 0), word[4][0] == '1', &walked))
    answer_error("walk");
  else
    printf("{\"memories\":%u,\"refused\":%u,\"holes\":%u,\"pages\":%u}\n", walked.memories,
           walked.refused, walked.holes, walked.pages);
}

static long number(const char* word) {
  return strtol(word, NULL, 0);
}

#define IS(name, needs) (words == (needs) + 1 && !strcmp(word[0], name))

static void obey(int words, char** word) {
  if (IS("connect", 1))
    answer("fd", socket_at(word[1], SOCK_STREAM | SOCK_CLOEXEC, connect));
  else if (words >= 3 && !strcmp(word[0], "send"))
    send_to(number(word[1]), word[2], words - 3, word + 3);
  else if (IS("receive", 2))
    receive(number(word[1]), number(word[2]));
  else if (IS("memfd", 2))
    make_memfd(number(word[1]), number(word[2]));
  else if (IS("allocate", 2))
    answer_ok(fallocate(number(word[1]), 0, 0, number(word[2])));
  else if (IS("map", 2))
    answer_ok(map(number(word[1]), number(word[2])));
  else if (IS("seal", 2))
    answer_ok(fcntl(number(word[1]), F_ADD_SEALS, (int)number(word[2])));
  else if (IS("open", 2))
    answer("fd", open(word[1], O_CLOEXEC | number(word[2]), 0600));
  else if (IS("size", 2))
    answer_ok(ftruncate(number(word[1]), number(word[2])));
  else if (IS("pidfd", 2))
    answer("fd", syscall(SYS_pidfd_open, number(word[1]), number(word[2])));
  else if (IS("eventfd", 0))
    answer("fd", eventfd(0, EFD_CLOEXEC));
  else if (IS("punch", 3))
    answer_ok(fallocate(number(word[1]), FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
                        number(word[2]), number(word[3])));
  else if (IS("remove", 3))
    answer_ok(madvise(place_of(number(word[1]), number(word[2]), number(word[3])), number(word[3]),
                      MADV_REMOVE));
  else if (IS("write", 3))
    write_to(number(word[1]), number(word[2]), word[3]);
  else if (IS("poke", 3))
    poke(number(word[1]), number(word[2]), word[3]);
  else if (IS("peek", 3))
    answer_bytes(place_of(number(word[1]), number(word[2]), number(word[3])), number(word[3]));
  else if (IS("thread", 0))
    start_thread();
  else if (IS("end", 1))
    end_thread(number(word[1]));
  else if (IS("close", 1))
    answer_ok(close_mapped(number(word[1])));
  else if (IS("uid", 1))
    answer_ok(setresgid(number(word[1]), number(word[1]), number(word[1])) ||
              setresuid(number(word[1]), number(word[1]), number(word[1])));
  else if (IS("no-bpf", 0))
    answer_ok(refuse_bpf());
  else if (IS("bpf", 0))
    answer_ok(try_bpf());
  else if (IS("descriptors", 0))
    answer("count", count_descriptors());
  else if (IS("heir", 0))
    answer_ok(fork_heir());
  else if (IS("stalling", 1))
    answer("fd", open_stalling_file(word[1]));
  else if (IS("flood", 2))
    answer_ok(flood(word[1], number(word[2])));
  else if (IS("walk", 4))
    report_walk(word);
  else if (IS("rebind", 3))
    answer_ok(rebind(word[1], word[2], number(word[3])));
  else if (IS("datagrams", 1))
    answer("fd", socket_at(word[1], SOCK_DGRAM | SOCK_CLOEXEC, bind));
  else
    puts("{\"error\":\"EINVAL\",\"what\":\"no such command\"}");
}

/* sd_listen_fds(3) */
static int activate(const char* path, char** command) {
  char pid[16];
  int fd = socket_at(path, SOCK_STREAM, bind);

  if (fd < 0 || listen(fd, 16) || (fd != 3 && dup2(fd, 3) < 0)) return 1;
  snprintf(pid, sizeof(pid), "%d", getpid());
  setenv("LISTEN_PID", pid, 1);
  setenv("LISTEN_FDS", "1", 1);
  execvp(command[0], command);
  return 1;
}

int main(int argc, char** argv) {
  char *line = NULL, *word[MAX_WORDS];
  size_t size = 0;

  if (argc > 3 && !strcmp(argv[1], "activate")) return activate(argv[2], argv + 3);

  while (getline(&line, &size, stdin) > 0) {
    char* rest = NULL;
    int words = 0;

    for (char* w = strtok_r(line, " \n", &rest); w && words < MAX_WORDS;
         w = strtok_r(NULL, " \n", &rest))
      word[words++] = w;
    if (words) obey(words, word);
    fflush(stdout);
  }
  return 0;
}
