/* SPDX-License-Identifier: MIT OR BSD-2-Clause OR GPL-2.0 */
/* Finds the cgroups that have a limit of CPU time (cpu.max). */
#ifndef CPU_LIMITS_H
#define CPU_LIMITS_H

#define CPU_LIMITS_ROOT "/sys/fs/cgroup"
#define CPU_LIMITS_NAMED 5

struct cpu_limits {
  int count;
  char* names[CPU_LIMITS_NAMED]; /* of the first ones, from the root of the tree: "/a/b" */
};

/* Looks below `root`, where a cgroup2 file system is mounted. What cannot be read has no limit. */
void cpu_limits_find(struct cpu_limits* limits, const char* root);
void cpu_limits_free(struct cpu_limits* limits);

#endif /* CPU_LIMITS_H */
