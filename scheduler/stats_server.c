// SPDX-License-Identifier: MIT OR BSD-2-Clause OR GPL-2.0
/*
 * Answers scx_stats' protocol on a Unix socket: a request is a line of JSON, and so is its answer,
 * {"errno":0,"args":{"resp":...}}. One thread, no waiting: see stats_server_work().
 */
#define _GNU_SOURCE
#include "stats_server.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "../observer/pin.h" /* complain() */
#include "stats_answer.h"
#include "stats_request.h"

#define BACKLOG 128 /* connections that wait to be taken */

struct client {
  int fd;      /* -1: free */
  __u64 heard; /* the server's `turn` when it last sent something */
  size_t in_length;
  char in[STATS_LINE_MAX];
  char* out; /* an answer that is not sent yet; NULL: none */
  size_t out_length, out_sent;
  bool ends; /* after that answer */
};

struct stats_server {
  struct sockaddr_un address;
  int listener, epoll;
  struct stat made; /* the socket's file */
  __u64 turn;
  struct client clients[STATS_CLIENTS];
};

static int open_socket(void) {
  return socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
}

static bool make_directories(const char* path) {
  char directory[sizeof(((struct sockaddr_un*)0)->sun_path)];

  snprintf(directory, sizeof(directory), "%s", path);
  for (char* slash = directory + 1; (slash = strchr(slash, '/')); *slash++ = '/') {
    *slash = 0;
    if (!mkdir(directory, 0755) || errno == EEXIST) continue;
    complain("no statistics for other tools: cannot make %s: %s", directory, strerror(errno));
    return false;
  }
  return true;
}

/* Is there nothing at the path, or a socket without a listener, which is removed? */
static bool make_way(const struct sockaddr_un* address) {
  const char* path = address->sun_path;
  int probe, error = 0;
  struct stat found;

  if (lstat(path, &found)) return true;
  if (!S_ISSOCK(found.st_mode)) {
    complain("no statistics for other tools: %s is there and is no socket", path);
    return false;
  }
  probe = open_socket();
  if (probe < 0 || connect(probe, (const struct sockaddr*)address, sizeof(*address))) error = errno;
  if (probe >= 0) close(probe);
  if (error == ECONNREFUSED && !unlink(path)) return true;
  if (!error || error == EAGAIN)
    complain("no statistics for other tools: another program answers at %s", path);
  else
    complain("no statistics for other tools: cannot replace %s: %s", path,
             strerror(error == ECONNREFUSED ? errno : error));
  return false;
}

static bool listens(struct stats_server* server) {
  mode_t mask = umask(0177);
  struct epoll_event event = {.events = EPOLLIN, .data.ptr = NULL};
  bool good;

  server->listener = open_socket();
  good = server->listener >= 0 &&
         !bind(server->listener, (struct sockaddr*)&server->address, sizeof(server->address));
  umask(mask);
  server->epoll = epoll_create1(EPOLL_CLOEXEC);
  good = good && !stat(server->address.sun_path, &server->made) &&
         !listen(server->listener, BACKLOG) && server->epoll >= 0 &&
         !epoll_ctl(server->epoll, EPOLL_CTL_ADD, server->listener, &event);
  if (!good)
    complain("no statistics for other tools: cannot listen at %s: %s", server->address.sun_path,
             strerror(errno));
  return good;
}

struct stats_server* stats_server_open(const char* path) {
  struct stats_server* server = calloc(1, sizeof(*server));

  if (!server) return NULL;
  server->address.sun_family = AF_UNIX;
  server->listener = server->epoll = -1;
  for (int i = 0; i < STATS_CLIENTS; i++) server->clients[i].fd = -1;
  snprintf(server->address.sun_path, sizeof(server->address.sun_path), "%s", path);
  if (strlen(path) >= sizeof(server->address.sun_path))
    complain("no statistics for other tools: %s is too long for a socket", path);
  else if (make_directories(path) && make_way(&server->address) && listens(server))
    return server;
  stats_server_close(server);
  return NULL;
}

int stats_server_fd(const struct stats_server* server) {
  return server->epoll;
}

static void forget(struct client* client) {
  if (client->fd >= 0) close(client->fd); /* that removes it from the epoll, too */
  free(client->out);
  *client = (struct client){.fd = -1};
}

/* A place for one more: a free one, or that of the client that has been silent for longest. */
static struct client* make_place(struct stats_server* server) {
  struct client* place = &server->clients[0];

  for (int i = 0; i < STATS_CLIENTS; i++) {
    if (server->clients[i].fd < 0) return &server->clients[i];
    if (server->clients[i].heard < place->heard) place = &server->clients[i];
  }
  forget(place);
  return place;
}

static void take_connections(struct stats_server* server) {
  struct epoll_event event = {.events = EPOLLIN};
  int fd;

  while ((fd = accept4(server->listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
    struct client* client = make_place(server);

    client->fd = fd;
    client->heard = ++server->turn;
    event.data.ptr = client;
    if (epoll_ctl(server->epoll, EPOLL_CTL_ADD, fd, &event)) forget(client);
  }
}

/* Waits for what it can do next: to send, or to read. */
static void wait_for(struct stats_server* server, struct client* client) {
  struct epoll_event event = {.events = client->out ? EPOLLOUT : EPOLLIN, .data.ptr = client};

  if (epoll_ctl(server->epoll, EPOLL_CTL_MOD, client->fd, &event)) forget(client);
}

/* Sends what the socket takes of the answer. False: the client is gone. */
static bool flush(struct client* client) {
  while (client->out) {
    ssize_t sent = send(client->fd, client->out + client->out_sent,
                        client->out_length - client->out_sent, MSG_NOSIGNAL | MSG_DONTWAIT);

    if (sent < 0) return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR;
    client->out_sent += sent;
    if (client->out_sent < client->out_length) continue;
    free(client->out);
    client->out = NULL;
    client->out_sent = 0;
    if (client->ends) return false;
  }
  return true;
}

/* Answers the requests that it has sent in full, until an answer does not go out. */
static bool answer_lines(struct client* client, const struct stats_source* source) {
  char* newline;

  while (!client->out && (newline = memchr(client->in, '\n', client->in_length))) {
    size_t length = newline - client->in;
    enum stats_request request = stats_request_read(client->in, length);

    client->in_length -= length + 1;
    memmove(client->in, newline + 1, client->in_length);
    client->out = stats_answer(request, source, &client->out_length);
    if (!client->out || !flush(client)) return false;
  }
  if (client->out || client->in_length < sizeof(client->in)) return true;
  client->ends = true;
  client->out = stats_answer(STATS_REQUEST_BROKEN, source, &client->out_length);
  return client->out && flush(client);
}

static bool read_some(struct client* client) {
  ssize_t got = recv(client->fd, client->in + client->in_length,
                     sizeof(client->in) - client->in_length, MSG_DONTWAIT);

  if (got < 0) return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR;
  client->in_length += got;
  return got > 0;
}

static void serve(struct stats_server* server, struct client* client,
                  const struct stats_source* source) {
  bool good;

  client->heard = ++server->turn;
  if (client->out)
    good = flush(client);
  else
    good = read_some(client);
  good = good && (client->out || answer_lines(client, source));
  if (good)
    wait_for(server, client);
  else
    forget(client);
}

void stats_server_work(struct stats_server* server, const struct stats_source* source) {
  struct epoll_event events[STATS_CLIENTS + 1];
  int count = epoll_wait(server->epoll, events, STATS_CLIENTS + 1, 0);
  bool new_ones = false;

  for (int i = 0; i < count; i++) {
    if (events[i].data.ptr)
      serve(server, events[i].data.ptr, source);
    else
      new_ones = true;
  }
  /* Last, because a place may be taken away from a client that is in `events`. */
  if (new_ones) take_connections(server);
}

void stats_server_close(struct stats_server* server) {
  struct stat found;

  if (!server) return;
  for (int i = 0; i < STATS_CLIENTS; i++) forget(&server->clients[i]);
  if (server->made.st_ino && !lstat(server->address.sun_path, &found) &&
      found.st_ino == server->made.st_ino && found.st_dev == server->made.st_dev)
    unlink(server->address.sun_path);
  if (server->listener >= 0) close(server->listener);
  if (server->epoll >= 0) close(server->epoll);
  free(server);
}
