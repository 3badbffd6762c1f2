// SPDX-License-Identifier: MIT OR BSD-2-Clause OR GPL-2.0
/* What the scheduler prints: for people what happened since the last time, as JSON the sums. */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

#include "scheduler.h"

#define U64(v) ((unsigned long long)(v))

static const struct {
  const char *name, *explanation;
} statistics[] = {
#define X(name, explanation) {#name, explanation},
    STATISTICS(X)
#undef X
};

static bool end_line(void) {
  putchar('\n');
  if (!fflush(stdout) && !ferror(stdout)) return true;
  complain("cannot write the report: %s", strerror(errno));
  return false;
}

bool report_ready(const struct pin* pin, const struct options* options) {
  struct utsname kernel;

  uname(&kernel);
  if (!options->json) {
    printf("scheduling on Linux %s, hints in %s", kernel.release, pin->path);
    return end_line();
  }
  printf("{\"type\":\"ready\",\"mapId\":%u,\"kernel\":\"%s\",\"hints\":[", pin->map_id,
         kernel.release);
  for (int i = 0, first = 1; hint_names[i]; i++) {
    if (!(options->settings.hints & (1U << i))) continue;
    printf("%s\"%s\"", first ? "" : ",", hint_names[i]);
    first = 0;
  }
  printf("]}");
  return end_line();
}

static __u64 read_statistic(int map, __u32 statistic) {
  static __u64* by_cpu;
  __u64 sum = 0;
  int cpus = libbpf_num_possible_cpus();

  if (!by_cpu) by_cpu = calloc(cpus, sizeof(*by_cpu));
  if (!by_cpu || bpf_map_lookup_elem(map, &statistic, by_cpu)) return 0;
  for (int cpu = 0; cpu < cpus; cpu++) sum += by_cpu[cpu];
  return sum;
}

bool report_statistics(const struct options* options, const struct programs* programs, bool final) {
  static __u64 last[STAT_COUNT];
  int map = programs_map_fd(programs, "statistics");
  __u64 now;

  if (options->json)
    printf("{\"type\":\"statistics\",\"final\":%s", final ? "true" : "false");
  else
    puts("");
  for (__u32 i = 0; map >= 0 && i < STAT_COUNT; i++) {
    now = read_statistic(map, i);
    if (options->json)
      printf(",\"%s\":%llu", statistics[i].name, U64(now));
    else if (now > last[i])
      printf("%12llu  %-14s  %s\n", U64(now - last[i]), statistics[i].name,
             statistics[i].explanation);
    last[i] = now;
  }
  if (options->json) putchar('}');
  return end_line();
}
