/* Prints, as JSON, the cgroups below the argument that have a limit of CPU time. */
#include <stdio.h>

#include "../../scheduler/cpu_limits.h"
#include "../../scheduler/scheduler.h"

int main(int argc, char** argv) {
  struct cpu_limits limits;

  if (argc != 2) return 2;
  cpu_limits_find(&limits, argv[1]);
  printf("{\"count\":%d,\"names\":[", limits.count);
  for (int i = 0; i < CPU_LIMITS_NAMED && limits.names[i]; i++) {
    if (i) putchar(',');
    json_string(stdout, limits.names[i]);
  }
  puts("]}");
  cpu_limits_free(&limits);
  return 0;
}
