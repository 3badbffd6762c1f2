// SPDX-License-Identifier: MIT OR BSD-2-Clause OR GPL-2.0
/* Finds out which CPUs share a last-level cache. */
#include "topology.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../observer/pin.h" /* complain() */

#define MAX_CACHES 16 /* directories of a CPU: the kernel makes one per level and type */

struct cpu_set {
  bool has[MAX_CPUS];
  int highest; /* -1: it is empty */
};

/* "0-3,8,10-11", as the kernel writes lists of CPUs. */
static bool read_cpus(const char* path, struct cpu_set* cpus) {
  FILE* file = fopen(path, "re");
  unsigned first, last;
  bool good = file;
  int next = ',';

  memset(cpus, 0, sizeof(*cpus));
  cpus->highest = -1;
  while (good && next == ',' && fscanf(file, "%u", &first) == 1) {
    last = first;
    next = fgetc(file);
    if (next == '-') {
      good = fscanf(file, "%u", &last) == 1;
      next = fgetc(file);
    }
    good = good && first <= last;
    for (unsigned cpu = first; good && cpu <= last && cpu < MAX_CPUS; cpu++) cpus->has[cpu] = true;
    if (good && last < INT_MAX && (int)last > cpus->highest) cpus->highest = last;
  }
  if (file) fclose(file);
  return good && (next == '\n' || next == EOF || next == ',');
}

static int first_of(const struct cpu_set* cpus) {
  for (int cpu = 0; cpu < MAX_CPUS; cpu++)
    if (cpus->has[cpu]) return cpu;
  return -1;
}

static int read_level(const char* root, unsigned cpu, int cache) {
  char path[PATH_MAX];
  int level = -1;
  FILE* file;

  snprintf(path, sizeof(path), "%s/cpu%u/cache/index%d/level", root, cpu, cache);
  file = fopen(path, "re");
  if (!file) return -1;
  if (fscanf(file, "%d", &level) != 1) level = -1;
  fclose(file);
  return level;
}

/* The first of the CPUs that share this one's last cache; -1 if the kernel does not say. */
static int leader_of(const char* root, unsigned cpu) {
  int highest = -1, last_cache = -1, level;
  struct cpu_set sharers;
  char path[PATH_MAX];

  for (int cache = 0; cache < MAX_CACHES; cache++) {
    level = read_level(root, cpu, cache);
    if (level <= highest) continue;
    highest = level;
    last_cache = cache;
  }
  if (last_cache < 0) return -1;
  snprintf(path, sizeof(path), "%s/cpu%u/cache/index%d/shared_cpu_list", root, cpu, last_cache);
  return read_cpus(path, &sharers) ? first_of(&sharers) : -1;
}

/* Numbers the LLCs in the order of their first CPU, from the CPUs that are online. */
static void number_llcs(struct topology* topology, const char* root, const struct cpu_set* online) {
  int number_of[MAX_CPUS]; /* by the LLC's leader; the last of all for those without one */
  int unknown = -1;

  memset(number_of, -1, sizeof(number_of));
  for (unsigned cpu = 0; cpu < topology->cpus; cpu++) {
    int leader, *number;

    if (!online->has[cpu]) continue;
    leader = leader_of(root, cpu);
    number = leader < 0 ? &unknown : &number_of[leader];
    if (*number < 0) *number = topology->llcs++;
    topology->llc_of[cpu] = *number;
    topology->llc_cpus[*number]++;
  }
}

/* The LLC that an offline CPU was in, by the CPUs that were in it too; else the first. */
static __u16 last_llc(const struct topology* topology, const struct topology* last, unsigned cpu,
                      const struct cpu_set* online) {
  if (cpu >= last->cpus) return 0;
  for (unsigned other = 0; other < last->cpus && other < topology->cpus; other++)
    if (online->has[other] && last->llc_of[other] == last->llc_of[cpu])
      return topology->llc_of[other];
  return 0;
}

/* The CPUs of an LLC stand together, those that are online first. */
static void list_members(struct topology* topology, const struct cpu_set* possible,
                         const struct cpu_set* online) {
  unsigned count = 0;

  for (unsigned llc = 0; llc < topology->llcs; llc++) {
    topology->llc_first[llc] = count;
    for (int is_online = 1; is_online >= 0; is_online--)
      for (unsigned cpu = 0; cpu < topology->cpus; cpu++)
        if (possible->has[cpu] && topology->llc_of[cpu] == llc && online->has[cpu] == is_online)
          topology->members[count++] = cpu;
  }
}

static bool read_list(const char* root, const char* name, struct cpu_set* cpus) {
  char path[PATH_MAX];

  snprintf(path, sizeof(path), "%s/%s", root, name);
  errno = 0;
  if (!read_cpus(path, cpus)) {
    complain("cannot read the list of CPUs in %s: %s", path,
             errno ? strerror(errno) : "it is no list of CPUs");
    return false;
  }
  if (cpus->highest >= 0 && cpus->highest < MAX_CPUS) return true;
  if (cpus->highest < 0)
    complain("%s names no CPU", path);
  else
    complain("%s has CPU %d; this scheduler is made for numbers below %d", path, cpus->highest,
             MAX_CPUS);
  return false;
}

bool topology_read(struct topology* topology, const char* root) {
  struct topology last = *topology;
  struct cpu_set possible, online;

  if (!read_list(root, "possible", &possible) || !read_list(root, "online", &online)) return false;
  if (online.highest > possible.highest) {
    complain("%s: CPU %d is online and not possible", root, online.highest);
    return false;
  }
  *topology = (struct topology){.cpus = possible.highest + 1};
  number_llcs(topology, root, &online);
  for (unsigned cpu = 0; cpu < topology->cpus; cpu++)
    if (!online.has[cpu]) topology->llc_of[cpu] = last_llc(topology, &last, cpu, &online);
  list_members(topology, &possible, &online);
  return true;
}
