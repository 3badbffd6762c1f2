// SPDX-License-Identifier: MIT OR BSD-2-Clause OR GPL-2.0
/* Prints the statistics of the scheduler that runs, which it gets by its socket (--monitor). */
#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "scheduler.h"

static void end_as_asked(int signal) {
  (void)signal;
  _exit(EXIT_ASKED);
}

static FILE* connect_to(const char* path) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

  snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
  if (fd >= 0 && !connect(fd, (const struct sockaddr*)&address, sizeof(address)))
    return fdopen(fd, "r");
  complain("cannot read statistics at %s: %s%s", path, strerror(errno),
           errno == ENOENT || errno == ECONNREFUSED ? "; no scheduler runs that offers them"
           : errno == EACCES                        ? "; this needs root"
                                                    : "");
  if (fd >= 0) close(fd);
  return NULL;
}

/* Takes "name":NUMBER out of the answer. Our names are plain, and the answer has no other numbers.
 */
static bool find_number(const char* answer, const char* name, __u64* number) {
  char key[64];
  const char* at;

  snprintf(key, sizeof(key), "\"%s\":", name);
  at = strstr(answer, key);
  if (!at) return false;
  *number = strtoull(at + strlen(key), NULL, 10);
  return true;
}

static bool read_sums(const char* answer, __u64 sums[STAT_COUNT]) {
  int found = 0;

  for (int i = 0; i < STAT_COUNT; i++)
    found += find_number(answer, statistic_names[i].name, &sums[i]);
  if (found == STAT_COUNT) return true;
  complain(
      "the scheduler that runs is not scx_schedhint of this version: its statistics are others");
  return false;
}

static bool ask(FILE* server, __u64 sums[STAT_COUNT]) {
  char* answer = NULL;
  size_t size = 0;
  bool good;

  good = dprintf(fileno(server), "{\"req\":\"stats\",\"args\":{\"target\":\"top\"}}\n") > 0 &&
         getline(&answer, &size, server) > 0;
  if (!good) complain("the scheduler has ended");
  good = good && read_sums(answer, sums);
  free(answer);
  return good;
}

int monitor(const struct options* options, const char* socket_path) {
  struct timespec pause = {options->stats_ms / 1000, options->stats_ms % 1000 * 1000000L};
  struct report report = {.json = options->json};
  FILE* server;

  signal(SIGPIPE, SIG_IGN);
  signal(SIGINT, end_as_asked);
  signal(SIGTERM, end_as_asked);
  server = connect_to(socket_path);
  if (!server || !ask(server, report.last)) return EXIT_REFUSED;
  while (!report.gone) {
    __u64 sums[STAT_COUNT];

    nanosleep(&pause, NULL);
    if (!ask(server, sums)) return EXIT_REFUSED;
    report_counts(&report, sums, -1, false);
  }
  return EXIT_ASKED; /* who reads stdout has had enough */
}
