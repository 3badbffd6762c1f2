/* Rows of cgroups: weights through nested groups, and cpu.max. */
#include <stdio.h>

#include "judge.h"

#define HOG .run_ns = SIM_FOREVER, .pin = -1

static int add_cgroup(int parent, __u32 weight, __u64 quota_us, __u64 burst_us) {
  sim.cgroup[sim.cgroups] = (struct sim_cgroup){parent, weight, quota_us, 100000, burst_us};
  return sim.cgroups++;
}

static void check_share(const char* row, const struct sim_program* program, double wanted) {
  double has = cpus_of(program);

  check(has <= wanted * 1.1 && has >= wanted * 0.9, "%s: %s has %.3f CPUs (%.3f, within 10 %%)",
        row, program->name, has, wanted);
}

static void check_wait(const char* row, double most_ms) {
  check(worst_wait_ms() <= most_ms, "%s: no task waits for more than %.0f ms (<= %.0f)", row,
        worst_wait_ms(), most_ms);
}

static void weights(int cpus, __u64 seed) {
  double ideal[SIM_PROGRAMS];
  int service, batch, web, db;
  char row[64];

  snprintf(row, sizeof(row), "cgroup weights, %d CPUs, seed %llu", cpus, (unsigned long long)seed);
  sim_reset(cpus, cpus < 16 ? cpus : 16, seed, 0);
  service = add_cgroup(0, 300, 0, 0);
  batch = add_cgroup(0, 100, 0, 0);
  web = add_cgroup(service, 100, 0, 0);
  db = add_cgroup(service, 50, 0, 0);
  sim_add((struct sim_program){.name = "web", .count = 3 * cpus, .cgroup = web, HOG});
  sim_add((struct sim_program){.name = "db", .count = 2 * cpus, .cgroup = db, HOG});
  sim_add((struct sim_program){.name = "batch", .count = 8 * cpus, .cgroup = batch, HOG});
  sim_run(&new_policy, 20000 * SIM_MS);
  ideal_cpus(ideal);
  for (int i = 0; i < sim.programs; i++) check_share(row, &sim.program[i], ideal[i]);
  check_wait(row, 10000);
}

/* `quota` in CPUs. Others want all CPUs if `others`. */
static void limit(int cpus, double quota, __u64 burst_us, int tasks, _Bool others, __u64 seed,
                  __u64 ns) {
  struct sim_program* limited;
  char row[96];
  int group;

  snprintf(row, sizeof(row),
           "cpu.max %.2f for %.1f s, burst %llu ms, %d CPUs, %d tasks%s, seed %llu", quota,
           ns / 8 * 7 / 1e9, (unsigned long long)burst_us / 1000, cpus, tasks,
           others ? " and others" : "", (unsigned long long)seed);
  sim_reset(cpus, cpus, seed, 0);
  group = add_cgroup(0, 100 * tasks, quota * 100000, burst_us);
  limited = sim_add((struct sim_program){.name = "limited", .count = tasks, .cgroup = group, HOG});
  if (others) sim_add((struct sim_program){.name = "other", .count = cpus, HOG});
  sim_run(&new_policy, ns);
  check_share(row, limited, quota);
  check_wait(row, 10000);
}

/* A limit so small that a round of its tasks takes a minute: each runs all the same. */
static void held(void) {
  sim_reset(2, 2, 1, 0);
  add_cgroup(0, 100, 1000, 0);
  sim_add((struct sim_program){.name = "held", .count = 100, .cgroup = 1, HOG});
  sim_run(&new_policy, 60000 * SIM_MS);
  check_wait("cpu.max 0.01, 100 tasks", 10500);
  check(cpus_of(&sim.program[0]) <= 0.06, "cpu.max 0.01, 100 tasks: they have %.3f CPUs (<= 0.06)",
        cpus_of(&sim.program[0]));
}

/* A parent's limit counts for the children together. */
static void nested(void) {
  struct sim_program *first, *second;

  sim_reset(4, 4, 1, 0);
  add_cgroup(0, 100, 150000, 0);
  add_cgroup(1, 100, 0, 0);
  add_cgroup(1, 200, 0, 0);
  first = sim_add((struct sim_program){.name = "first", .count = 4, .cgroup = 2, HOG});
  second = sim_add((struct sim_program){.name = "second", .count = 4, .cgroup = 3, HOG});
  sim_run(&new_policy, 16000 * SIM_MS);
  check(cpus_of(first) + cpus_of(second) <= 1.65 && cpus_of(first) + cpus_of(second) >= 1.35,
        "cpu.max of a parent: the children have %.3f CPUs (1.5, within 10 %%)",
        cpus_of(first) + cpus_of(second));
}

void cgroup_rows(void) {
  const int machines[] = {2, 4, 8, 16, 64};

  for (unsigned i = 0; i < sizeof(machines) / sizeof(*machines); i++)
    for (int seed = 1; seed <= (machines[i] < 64 ? 3 : 1); seed++) weights(machines[i], seed);
  for (int seed = 1; seed <= 3; seed++) {
    for (int i = 0; i < 2; i++) {
      __u64 ns = i ? 2300 * SIM_MS : 16000 * SIM_MS; /* of which 2 s are measured, or 14 */

      limit(2, 0.2, 0, 2, 0, seed, ns);
      limit(2, 0.2, 0, 8, 1, seed, ns);
      limit(2, 1, 0, 4, 1, seed, ns);
      limit(8, 1.5, 50000, 8, 0, seed, ns);
      limit(8, 3, 0, 16, 1, seed, ns);
      limit(16, 0.5, 20000, 32, 1, seed, ns);
      limit(16, 0.5, 0, 100, 1, seed, ns);
    }
  }
  held();
  nested();
}
