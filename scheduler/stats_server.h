/* SPDX-License-Identifier: MIT OR BSD-2-Clause OR GPL-2.0 */
/* Answers scx_stats' protocol on a Unix socket, so that the tools of scx read our statistics. */
#ifndef STATS_SERVER_H
#define STATS_SERVER_H

#include <linux/types.h>
#include <stdbool.h>

/* Where the clients of scx_stats look. */
#define STATS_SOCKET "/var/run/scx/root/stats"
#define STATS_CLIENTS 16
#define STATS_LINE_MAX 1024 /* a longer request ends its connection */

/* Where the numbers come from. */
struct stats_source {
  void (*count)(void* from, __u64* sums); /* adds STAT_COUNT sums */
  void* from;
};

struct stats_server;

/*
 * Makes the socket (mode 0600) and the directories above it. A socket without a listener
 * is replaced. NULL, with a message, if another program answers there or the socket cannot be made.
 */
struct stats_server* stats_server_open(const char* path);
/* Readable when stats_server_work() has something to do. */
int stats_server_fd(const struct stats_server* server);
/*
 * Takes connections, reads requests and answers, as far as that is possible without waiting. A
 * client that does not read its answers gets no more of them. When there are STATS_CLIENTS, the one
 * that has been silent for longest makes way for the next.
 */
void stats_server_work(struct stats_server* server, const struct stats_source* source);
/* Removes the socket, unless it is no longer ours. NULL is allowed. */
void stats_server_close(struct stats_server* server);

#endif /* STATS_SERVER_H */
