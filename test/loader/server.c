/* The server of statistics with made numbers, 1, 2, 3 and so on, at the path that is the argument,
 * until stdin ends. */
#include <linux/types.h>
#include <poll.h>
#include <stdio.h>

#include "../../scheduler/settings.h"
#include "../../scheduler/stats_server.h"

static void count(void* from, __u64* sums) {
  (void)from;
  for (int i = 0; i < STAT_COUNT; i++) sums[i] += i + 1;
}

int main(int argc, char** argv) {
  const struct stats_source source = {count, NULL};
  struct stats_server* server = argc == 2 ? stats_server_open(argv[1]) : NULL;
  struct pollfd waits[] = {{.fd = 0, .events = POLLIN}, {.events = POLLIN}};

  if (!server) return 1;
  waits[1].fd = stats_server_fd(server);
  puts("{\"ready\":true}");
  fflush(stdout);
  while (poll(waits, 2, -1) >= 0 && !waits[0].revents) stats_server_work(server, &source);
  stats_server_close(server);
  return 0;
}
