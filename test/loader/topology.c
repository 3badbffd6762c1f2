/* Reads the topology under each argument, one after the other, and prints the last one as JSON. */
#include "../../scheduler/topology.h"

#include <stdio.h>

static void print_list(const char* name, const __u16* numbers, unsigned count) {
  printf(",\"%s\":[", name);
  for (unsigned i = 0; i < count; i++) printf("%s%u", i ? "," : "", numbers[i]);
  putchar(']');
}

int main(int argc, char** argv) {
  static struct topology topology;

  for (int i = 1; i < argc; i++)
    if (!topology_read(&topology, argv[i])) return 1;
  printf("{\"cpus\":%u,\"llcs\":%u", topology.cpus, topology.llcs);
  print_list("llcOf", topology.llc_of, topology.cpus);
  print_list("llcCpus", topology.llc_cpus, topology.llcs);
  print_list("llcFirst", topology.llc_first, topology.llcs);
  print_list("members", topology.members, topology.cpus);
  puts("}");
  return 0;
}
