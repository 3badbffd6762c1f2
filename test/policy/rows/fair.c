/* Rows without hints: wakeups, work done, shares against the ideal, and that no task starves. */
#include <stdio.h>

#include "judge.h"

#define HOG .run_ns = SIM_FOREVER, .pin = -1
#define SHORT .run_ns = SIM_MS / 2, .sleep_ns = 10 * SIM_MS, .jitter = 50, .pin = -1
/* One hundredth of each CPU, of which a slice is full within the row. */
#define KWORKERS                                 \
  ((struct sim_program){.name = "kworker",       \
                        .count = sim.cpus,       \
                        .run_ns = 100000,        \
                        .pin = PIN_EACH,         \
                        .sleep_ns = 10 * SIM_MS, \
                        .jitter = 90,            \
                        .kthread = 1})

/* All programs that never sleep have their ideal share. */
static void check_shares(const char* row, double within) {
  double ideal[SIM_PROGRAMS], off = 0;
  const char* name = "";

  ideal_cpus(ideal);
  for (int i = 0; i < sim.programs; i++) {
    double has = cpus_of(&sim.program[i]);
    double wrong = has > ideal[i] ? has / ideal[i] - 1 : ideal[i] / has - 1;

    if (sim.program[i].run_ns >= SIM_FOREVER && sim.program[i].weight > 1 && wrong > off)
      off = wrong, name = sim.program[i].name;
  }
  check(off <= within, "%s: shares within %.1f %% of the ideal (<= %.0f %%), the worst of %s", row,
        off * 100, within * 100, name);
}

static void check_late(const char* row, struct sim_program* program, double most_ms) {
  double late = late_ms(program, 0.99);

  check(late <= most_ms && program->samples >= 100,
        "%s: p99 of %llu wakeups of %s %.2f ms (<= %.0f), worst %.1f", row,
        (unsigned long long)program->samples, program->name, late, most_ms, late_ms(program, 1));
  /* A tick later half of them would be if they took no CPU from others. */
  check(late_ms(program, 0.5) <= 1.2, "%s: p50 of wakeups of %s %.2f ms (<= 1.2)", row,
        program->name, late_ms(program, 0.5));
}

/* Others wait for them, so not one of them may wait. */
static void check_kworkers(const char* row, struct sim_program* kworkers, double most_ms) {
  check(late_ms(kworkers, 1) <= most_ms, "%s: the latest kernel thread of a CPU %.2f ms (<= %.1f)",
        row, late_ms(kworkers, 1), most_ms);
}

static void check_machine(const char* row, double most_wait_ms) {
  double moves = sim.moves / (sim.now / 1e9) / sim.cpus;

  check(moves <= 20, "%s: %.1f moves between LLCs for each CPU and second (<= 20)", row, moves);
  check(!new_policy.owed(0), "%s: without hints %.1f ms are owed (0)", row,
        new_policy.owed(0) / 1e6);
  check(cpus_busy() >= 0.99 * sim.cpus, "%s: %.2f of %d CPUs at work (>= 99 %%)", row, cpus_busy(),
        sim.cpus);
  check(worst_wait_ms() <= most_wait_ms, "%s: no task waits for more than %.0f ms (<= %.0f)", row,
        worst_wait_ms(), most_wait_ms);
}

static void hogs(int cpus, int llc, __u64 seed) {
  struct sim_program *sleeper, *kworkers;
  char row[64];

  snprintf(row, sizeof(row), "hogs, %d CPUs in LLCs of %d, seed %llu", cpus, llc,
           (unsigned long long)seed);
  sim_reset(cpus, llc, seed, 0);
  sim_add((struct sim_program){.name = "hog", .count = 2 * cpus + 1, HOG});
  sleeper = sim_add((struct sim_program){.name = "sleeper", .count = cpus, SHORT});
  kworkers = sim_add(KWORKERS);
  sim_run(&new_policy, 8000 * SIM_MS);
  check_late(row, sleeper, 8);
  check_kworkers(row, kworkers, 1.5);
  check_machine(row, 10000);
}

static void weights(int cpus, int llc, __u64 seed) {
  struct sim_program *sleeper, *kworkers;
  char row[64];

  snprintf(row, sizeof(row), "weights, %d CPUs in LLCs of %d, seed %llu", cpus, llc,
           (unsigned long long)seed);
  sim_reset(cpus, llc, seed, 0);
  sim_add((struct sim_program){.name = "nice 0", .count = cpus, HOG});
  sim_add((struct sim_program){.name = "nice -5", .count = cpus, .weight = 305, HOG});
  sim_add((struct sim_program){.name = "nice 5", .count = cpus, .weight = 33, HOG});
  sim_add((struct sim_program){.name = "nice 19", .count = cpus, .weight = 1, HOG});
  sleeper = sim_add((struct sim_program){.name = "sleeper", .count = cpus, SHORT});
  kworkers = sim_add(KWORKERS);
  sim_run(&new_policy, 20000 * SIM_MS);
  check_shares(row, 0.1);
  check(cpus_of(&sim.program[3]) <= 0.02 * cpus,
        "%s: nice 19, which may not starve, has %.3f CPUs (<= 2 %%)", row,
        cpus_of(&sim.program[3]));
  check_late(row, sleeper, 8);
  check_kworkers(row, kworkers, 1.5);
  check_machine(row, 10000);
}

static void pinned(int cpus, int llc, __u64 seed) {
  struct sim_program *sleeper, *kworkers;
  char row[64];

  snprintf(row, sizeof(row), "pinned, %d CPUs in LLCs of %d, seed %llu", cpus, llc,
           (unsigned long long)seed);
  sim_reset(cpus, llc, seed, 0);
  sim_add((struct sim_program){.name = "on 0", .count = 5, .run_ns = SIM_FOREVER, .pin = 0});
  sim_add((struct sim_program){
      .name = "on 0, nice 5", .count = 2, .weight = 33, .run_ns = SIM_FOREVER, .pin = 0});
  sim_add((struct sim_program){
      .name = "on 0, nice -5", .count = 1, .weight = 305, .run_ns = SIM_FOREVER, .pin = 0});
  sim_add((struct sim_program){.name = "on 1", .count = 1, .run_ns = SIM_FOREVER, .pin = 1});
  sim_add((struct sim_program){.name = "anywhere", .count = 2 * cpus - 1, HOG});
  sleeper = sim_add((struct sim_program){
      .name = "sleeper", .count = 2, .run_ns = SIM_MS / 2, .sleep_ns = 10 * SIM_MS, .jitter = 50});
  kworkers = sim_add(KWORKERS);
  sim_run(&new_policy, 20000 * SIM_MS);
  check_shares(row, 0.1);
  check_late(row, sleeper, 8);
  check_kworkers(row, kworkers, 1.5);
  check_machine(row, 10000);
}

static void crowd(int cpus, int llc, __u64 seed) {
  struct sim_program *sleeper, *kworkers;
  char row[64];

  snprintf(row, sizeof(row), "crowd, %d CPUs in LLCs of %d, seed %llu", cpus, llc,
           (unsigned long long)seed);
  sim_reset(cpus, llc, seed, 0);
  sim_add((struct sim_program){.name = "hog", .count = 40 * cpus, HOG});
  sim_add((struct sim_program){.name = "nice 19", .count = cpus, .weight = 1, HOG});
  sim_add((struct sim_program){
      .name = "on 0, nice 19", .count = 1, .weight = 1, .run_ns = SIM_FOREVER, .pin = 0});
  sim_add((struct sim_program){
      .name = "forks", .count = cpus, .run_ns = 3 * SIM_MS, .jitter = 90, .pin = -1, .forks = 1});
  sleeper = sim_add((struct sim_program){.name = "sleeper",
                                         .count = cpus,
                                         .run_ns = SIM_MS / 2,
                                         .sleep_ns = 100 * SIM_MS,
                                         .jitter = 50,
                                         .pin = -1});
  kworkers = sim_add(KWORKERS);
  sim_run(&new_policy, 24000 * SIM_MS);
  check_late(row, sleeper, 12);
  check_kworkers(row, kworkers, 12); /* half of its share is what it asks for */
  check_machine(row, 10000);
}

/* Kernel threads of a CPU that ask for more than their share, at a stretch and in short pieces. */
static void greedy_kworkers(int cpus, int llc, __u64 seed) {
  struct sim_program *sleeper, *loop, *pieces;
  double had;
  char row[64];

  snprintf(row, sizeof(row), "greedy kworkers, %d CPUs in LLCs of %d, seed %llu", cpus, llc,
           (unsigned long long)seed);
  sim_reset(cpus, llc, seed, 0);
  sim_add((struct sim_program){.name = "hog", .count = 2 * cpus - 2, HOG});
  loop = sim_add(
      (struct sim_program){.name = "loop", .count = 1, .run_ns = SIM_FOREVER, .kthread = 1});
  pieces = sim_add((struct sim_program){.name = "pieces",
                                        .count = 1,
                                        .run_ns = SIM_MS / 2,
                                        .sleep_ns = SIM_MS / 10,
                                        .pin = 1,
                                        .kthread = 1});
  sleeper = sim_add((struct sim_program){.name = "sleeper", .count = cpus, SHORT});
  sim_run(&new_policy, 12000 * SIM_MS);
  had = cpus_of(pieces) / cpus_of(loop);
  check(had > 0.7 && had < 1.1, "%s: in pieces %.3f CPUs, at a stretch %.3f (0.7 to 1.1 times)",
        row, cpus_of(pieces), cpus_of(loop));
  check_shares(row, 0.1);
  check_late(row, sleeper, 24); /* one that a piece cut short waits for a turn */
  check_machine(row, 10000);
}

/* Tasks that had CPUs alone for a while, and do not pay for it when others come. */
static void newcomers(int cpus, int llc, __u64 seed) {
  char row[64];

  snprintf(row, sizeof(row), "newcomers, %d CPUs in LLCs of %d, seed %llu", cpus, llc,
           (unsigned long long)seed);
  sim_reset(cpus, llc, seed, 0);
  sim_add((struct sim_program){.name = "there", .count = cpus, HOG});
  sim_add((struct sim_program){.name = "new", .count = 2 * cpus, .start_ns = 5000 * SIM_MS, HOG});
  sim_run(&new_policy, 8000 * SIM_MS);
  check_machine(row, 300);
}

void fair_rows(void) {
  const struct {
    int cpus, llc, seeds;
  } machines[] = {{2, 2, 3},   {4, 4, 3},   {4, 2, 3},   {8, 8, 2},   {8, 4, 2},
                  {16, 16, 2}, {32, 16, 1}, {64, 16, 1}, {128, 16, 1}};

  for (unsigned i = 0; i < sizeof(machines) / sizeof(*machines); i++) {
    int cpus = machines[i].cpus, llc = machines[i].llc;

    for (int seed = 1; seed <= machines[i].seeds; seed++) {
      hogs(cpus, llc, seed);
      weights(cpus, llc, seed);
      pinned(cpus, llc, seed);
      greedy_kworkers(cpus, llc, seed);
      newcomers(cpus, llc, seed);
      if (cpus <= 16) crowd(cpus, llc, seed);
    }
  }
}
