/* Rows of programs whose hints are true: what they bring, and that batch work yields. */
#include <stdio.h>

#include "hints.h"
#include "judge.h"

/* Batch work yields, and waits 200 ms at most. */
static void batch_row(int cpus, __u64 seed) {
  struct sim_program *worker, *hog;
  double weighted;

  sim_reset(cpus, cpus < 16 ? cpus : 16, seed, 1);
  worker = sim_add((struct sim_program){
      .name = "batch", .count = cpus, .run_ns = SIM_FOREVER, .pin = -1, .hint = batch});
  sim_add((struct sim_program){
      .name = "batch on 0", .count = 1, .run_ns = SIM_FOREVER, .pin = 0, .hint = batch});
  hog = sim_add(
      (struct sim_program){.name = "hog", .count = 3 * cpus, .run_ns = SIM_FOREVER, .pin = -1});
  sim_run(&new_policy, 12000 * SIM_MS);
  weighted = cpus_of(worker) / cpus_of(hog) * hog->count / worker->count;
  check(worst_wait_ms() <= 200, "batch, %d CPUs, seed %llu: no wait longer than %.0f ms (<= 200)",
        cpus, (unsigned long long)seed, worst_wait_ms());
  check(weighted <= 0.16, "batch, %d CPUs, seed %llu: a worker has %.3f of a hog's time (<= 0.16)",
        cpus, (unsigned long long)seed, weighted);
}

/* Neither if tasks that wake up and kernel threads end its turns at their start. */
static void interrupted_batch(int cpus, __u64 seed) {
  struct sim_program *worker, *pinned;
  double wait;

  sim_reset(cpus, cpus < 16 ? cpus : 16, seed, 1);
  worker = sim_add((struct sim_program){
      .name = "batch", .count = cpus, .run_ns = SIM_FOREVER, .pin = -1, .hint = batch});
  pinned = sim_add((struct sim_program){
      .name = "batch on 0", .count = 1, .run_ns = SIM_FOREVER, .pin = 0, .hint = batch});
  sim_add((struct sim_program){.name = "hog", .count = 3 * cpus, .run_ns = SIM_FOREVER, .pin = -1});
  sim_add((struct sim_program){.name = "sleeper",
                               .count = 4 * cpus,
                               .run_ns = SIM_MS / 5,
                               .sleep_ns = 5 * SIM_MS,
                               .jitter = 80,
                               .pin = -1});
  sim_add((struct sim_program){.name = "kworker",
                               .count = cpus,
                               .run_ns = SIM_MS / 10,
                               .sleep_ns = 7 * SIM_MS,
                               .jitter = 80,
                               .pin = PIN_EACH,
                               .kthread = 1});
  sim_run(&new_policy, 12000 * SIM_MS);
  wait = (worker->worst_lack_ns > pinned->worst_lack_ns ? worker : pinned)->worst_lack_ns / 1e6;
  check(wait <= 204, "interrupted batch, %d CPUs, seed %llu: no wait longer than %.0f ms (<= 204)",
        cpus, (unsigned long long)seed, wait);
}

/* In a crowd of others it does not get more than they. */
static void batch_in_crowd(int cpus, __u64 seed) {
  struct sim_program *worker, *hog;
  double each;

  sim_reset(cpus, cpus < 16 ? cpus : 16, seed, 1);
  worker = sim_add((struct sim_program){
      .name = "batch", .count = cpus, .run_ns = SIM_FOREVER, .pin = -1, .hint = batch});
  hog = sim_add(
      (struct sim_program){.name = "hog", .count = 80 * cpus, .run_ns = SIM_FOREVER, .pin = -1});
  sim_run(&new_policy, 12000 * SIM_MS);
  each = cpus_of(worker) / cpus_of(hog) * hog->count / worker->count;
  check(each <= 1.05,
        "batch among 80 hogs for each of %d CPUs, seed %llu: %.3f of a hog's time (<= 1.05)", cpus,
        (unsigned long long)seed, each);
}

/* Pauses of 100 ms each 500 ms that are true, of an app that has batch workers too. */
static double pauses(int cpus, __u64 seed, _Bool with_hints, double* late) {
  struct sim_program *app, *sleeper;

  sim_reset(cpus, cpus < 16 ? cpus : 16, seed, with_hints);
  sim.cgroup[sim.cgroups++] = (struct sim_cgroup){.weight = cpus < 64 ? 150 * cpus : 9600};
  app = sim_add((struct sim_program){.name = "app",
                                     .count = (cpus + 1) / 2,
                                     .run_ns = 100 * SIM_MS,
                                     .sleep_ns = 400 * SIM_MS,
                                     .jitter = 50,
                                     .pin = -1,
                                     .cgroup = 1,
                                     .hint = pausing});
  sim_add((struct sim_program){.name = "worker",
                               .count = (cpus + 1) / 2,
                               .run_ns = SIM_FOREVER,
                               .pin = -1,
                               .cgroup = 1,
                               .hint = batch});
  sleeper = sim_add((struct sim_program){.name = "sleeper",
                                         .count = cpus,
                                         .run_ns = SIM_MS / 2,
                                         .sleep_ns = 20 * SIM_MS,
                                         .jitter = 50,
                                         .pin = -1});
  sim_add((struct sim_program){.name = "hog", .count = 3 * cpus, .run_ns = SIM_FOREVER, .pin = -1});
  sim_run(&new_policy, 12000 * SIM_MS);
  *late = late_ms(sleeper, 0.99);
  return app->bursts_ns / 1e6 / app->bursts;
}

/* A collection of one process: its thread and four helpers, next to eight hogs for each two CPUs.
 * Returns how long the five have, on average, for 22 ms of work each. */
static double collections(int cpus, __u64 seed, _Bool with_hints) {
  struct sim_program* app;

  sim_reset(cpus, cpus < 16 ? cpus : 16, seed, with_hints);
  sim.cgroup[sim.cgroups++] = (struct sim_cgroup){.weight = 100};
  app = sim_add((struct sim_program){.name = "app",
                                     .count = 5,
                                     .run_ns = 22 * SIM_MS,
                                     .period_ns = 600 * SIM_MS,
                                     .jitter = 10,
                                     .pin = -1,
                                     .cgroup = 1,
                                     .hint = pausing});
  sim_add((struct sim_program){.name = "hog", .count = 4 * cpus, .run_ns = SIM_FOREVER, .pin = -1});
  sim_run(&new_policy, 24000 * SIM_MS);
  return app->bursts_ns / 1e6 / app->bursts;
}

/* How long an app takes for 20 ms of work, in ms. It has about its share, so credit is all that an
 * urgency or a deadline brings: one that asked for more would have its share at any urgency. */
static double requests(int cpus, __u64 seed,
                       void (*hint)(const struct sim_task*, struct sim_hints*)) {
  struct sim_program* app;

  sim_reset(cpus, cpus < 16 ? cpus : 16, seed, hint != NULL);
  app = sim_add((struct sim_program){.name = "app",
                                     .count = (cpus + 1) / 2,
                                     .run_ns = 20 * SIM_MS,
                                     .sleep_ns = 60 * SIM_MS,
                                     .jitter = 50,
                                     .pin = -1,
                                     .hint = hint});
  sim_add((struct sim_program){.name = "hog", .count = 3 * cpus, .run_ns = SIM_FOREVER, .pin = -1});
  sim_run(&new_policy, 12000 * SIM_MS);
  return app->bursts_ns / 1e6 / app->bursts;
}

static void requests_row(int cpus, __u64 seed) {
  double without = requests(cpus, seed, NULL), urgently = requests(cpus, seed, urgent),
         in_time = requests(cpus, seed, deadline);

  check(
      urgently < 0.99 * without && in_time < 0.99 * without,
      "requests of 20 ms, %d CPUs, seed %llu: urgent %.1f ms, with a deadline %.1f, without hints "
      "%.1f (sooner by 1 %%)",
      cpus, (unsigned long long)seed, urgently, in_time, without);
}

static void pauses_row(int cpus, __u64 seed) {
  double alone = collections(cpus, seed, 0), helped = collections(cpus, seed, 1);
  double late_off, late_on;
  double off = pauses(cpus, seed, 0, &late_off), on = pauses(cpus, seed, 1, &late_on);

  check(alone / helped >= 1.2 || cpus > 4,
        "collections, %d CPUs, seed %llu: take %.1f ms, %.1f without hints (>= 1.2 times)", cpus,
        (unsigned long long)seed, helped, alone);
  check(off / on >= 1.2,
        "pauses of 100 ms, %d CPUs, seed %llu: take %.1f ms, %.1f without hints (>= 1.2 times)",
        cpus, (unsigned long long)seed, on, off);
  check(late_on <= late_off + 8,
        "pauses, %d CPUs, seed %llu: p99 of others' wakeups %.2f ms, %.2f without (+ 8)", cpus,
        (unsigned long long)seed, late_on, late_off);
}

void true_hint_rows(int cpus) {
  int seeds = cpus <= 16 ? 3 : 1;

  for (int seed = 1; seed <= seeds; seed++) {
    requests_row(cpus, seed);
    pauses_row(cpus, seed);
    batch_row(cpus, seed);
    interrupted_batch(cpus, seed);
    if (cpus <= 16) batch_in_crowd(cpus, seed);
  }
}
