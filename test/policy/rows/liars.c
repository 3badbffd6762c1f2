/* Rows of programs that lie: each against itself without hints. And what hints bring if they are
 * true. */
#include <stdio.h>
#include <string.h>

#include "judge.h"

static void pause(const struct sim_task* task, struct sim_hints* hints) {
  (void)task;
  hints->pause = 1;
}
static void urgent(const struct sim_task* task, struct sim_hints* hints) {
  (void)task;
  hints->urgency = 1024;
}
static void deadline(const struct sim_task* task, struct sim_hints* hints) {
  (void)task;
  hints->deadline_ns = sim.now + 1;
  hints->runtime_ns = 1000 * SIM_MS;
}
static void everything(const struct sim_task* task, struct sim_hints* hints) {
  pause(task, hints);
  urgent(task, hints);
  deadline(task, hints);
}
static void batch(const struct sim_task* task, struct sim_hints* hints) {
  (void)task;
  hints->batch = 1;
}
static void batch_and_pause(const struct sim_task* task, struct sim_hints* hints) {
  pause(task, hints);
  hints->batch = 1;
}
static void on_and_off(const struct sim_task* task, struct sim_hints* hints) {
  if (sim.now / (37 * SIM_MS) % 2) everything(task, hints);
}
/* While it waits, and not while it runs. */
static void two_faced(const struct sim_task* task, struct sim_hints* hints) {
  if (sim.cpu[task->cpu].runs != task) everything(task, hints);
}
static void at_random(const struct sim_task* task, struct sim_hints* hints) {
  __u32 bits = sim_random();

  if (bits & 1) pause(task, hints);
  if (bits & 2) hints->urgency = bits >> 8 & 1023;
  if (bits & 4) deadline(task, hints);
  hints->batch = !(bits & 0x38);
}

/* How many there are of each: one for each two CPUs, times `times`. */
static const struct liar {
  struct sim_program program;
  int times;
} liars[] = {
    {{.name = "stuck pause", .run_ns = SIM_FOREVER, .pin = -1, .hint = pause}, 1},
    {{.name = "urgency", .run_ns = SIM_FOREVER, .pin = -1, .hint = urgent}, 1},
    {{.name = "deadline now", .run_ns = SIM_FOREVER, .pin = -1, .hint = deadline}, 1},
    {{.name = "everything", .run_ns = SIM_FOREVER, .pin = -1, .hint = everything}, 1},
    {{.name = "batch", .run_ns = SIM_FOREVER, .pin = -1, .hint = batch}, 1},
    {{.name = "batch and pause", .run_ns = SIM_FOREVER, .pin = -1, .hint = batch_and_pause}, 1},
    {{.name = "on and off", .run_ns = SIM_FOREVER, .pin = -1, .hint = on_and_off}, 1},
    {{.name = "two-faced", .run_ns = SIM_FOREVER, .pin = -1, .hint = two_faced}, 1},
    {{.name = "at random", .run_ns = SIM_FOREVER, .pin = -1, .hint = at_random}, 1},
    {{.name = "threads", .run_ns = SIM_FOREVER, .pin = -1, .hint = everything}, 8},
    {{.name = "batch threads", .run_ns = SIM_FOREVER, .pin = -1, .hint = batch}, 32},
    {{.name = "pinned", .run_ns = SIM_FOREVER, .pin = PIN_EACH, .hint = everything}, 1},
    {{.name = "all on CPU 0", .run_ns = SIM_FOREVER, .pin = 0, .hint = everything}, 1},
    {{.name = "nice 19", .weight = 1, .run_ns = SIM_FOREVER, .pin = -1, .hint = everything}, 1},
    {{.name = "nice -20", .weight = 8668, .run_ns = SIM_FOREVER, .pin = -1, .hint = everything}, 1},
    {{.name = "many cgroups", .spread = 1, .run_ns = SIM_FOREVER, .pin = -1, .hint = everything},
     1},
    {{.name = "forks",
      .run_ns = 5 * SIM_MS,
      .jitter = 90,
      .pin = -1,
      .forks = 1,
      .hint = everything},
     1},
    {{.name = "long forks",
      .run_ns = 30 * SIM_MS,
      .jitter = 90,
      .pin = -1,
      .forks = 1,
      .hint = everything},
     1},
    {{.name = "spawned",
      .run_ns = 30 * SIM_MS,
      .jitter = 90,
      .pin = -1,
      .forks = 1,
      .spawned = 1,
      .hint = everything},
     2},
    {{.name = "short sleeps",
      .run_ns = 2 * SIM_MS,
      .sleep_ns = SIM_MS / 10,
      .jitter = 50,
      .pin = -1,
      .hint = everything},
     2},
    {{.name = "dodges ticks",
      .run_ns = 39 * SIM_MS / 10,
      .sleep_ns = SIM_MS / 10,
      .pin = -1,
      .hint = everything},
     2},
    {{.name = "wakes often",
      .run_ns = SIM_MS / 10,
      .sleep_ns = SIM_MS / 10,
      .jitter = 50,
      .pin = -1,
      .hint = everything},
     4},
    {{.name = "sleeps pinned",
      .run_ns = 8 * SIM_MS,
      .sleep_ns = 2 * SIM_MS,
      .jitter = 50,
      .pin = PIN_EACH,
      .hint = everything},
     2},
};

struct outcome {
  double cpus, ideal, late_ms, wait_ms, busy;
};

static struct outcome run(const struct liar* liar, int cpus, __u64 seed, _Bool with_hints) {
  struct sim_program program = liar->program, *lies, *sleeper;
  double ideal[SIM_PROGRAMS];
  int groups = 1, unit = 100; /* unit: the weight of a cgroup for each of its tasks */

  sim_reset(cpus, cpus < 16 ? cpus : 16, seed, with_hints);
  program.count = (cpus + 1) / 2 * liar->times;
  if (program.spread) groups = program.count = program.count < 60 ? program.count : 60;
  while (unit * program.count > 10000 || unit * 2 * cpus > 10000) unit /= 2; /* a cgroup's most */
  for (int i = 0; i < groups; i++)
    sim.cgroup[sim.cgroups++] = (struct sim_cgroup){.weight = unit * program.count / groups};
  program.cgroup = 1;
  lies = sim_add(program);
  sim.cgroup[sim.cgroups] = (struct sim_cgroup){.weight = 2 * unit * cpus};
  sim_add((struct sim_program){
      .name = "hog", .count = 2 * cpus, .run_ns = SIM_FOREVER, .pin = -1, .cgroup = sim.cgroups++});
  sim.cgroup[sim.cgroups] = (struct sim_cgroup){.weight = unit * cpus};
  sleeper = sim_add((struct sim_program){.name = "sleeper",
                                         .count = cpus,
                                         .run_ns = SIM_MS / 2,
                                         .sleep_ns = 20 * SIM_MS,
                                         .jitter = 50,
                                         .pin = -1,
                                         .cgroup = sim.cgroups++});
  sim_add((struct sim_program){.name = "kworker",
                               .count = cpus,
                               .run_ns = 50000,
                               .sleep_ns = 50 * SIM_MS,
                               .jitter = 90,
                               .pin = PIN_EACH,
                               .kthread = 1});
  sim_run(&new_policy, (cpus < 128 ? 12000 : 8000) * SIM_MS);
  ideal_cpus(ideal);
  return (struct outcome){cpus_of(lies), ideal[lies - sim.program], late_ms(sleeper, 0.99),
                          worst_wait_ms(), cpus_busy()};
}

static void lie(const struct liar* liar, int cpus, __u64 seed) {
  struct outcome off = run(liar, cpus, seed, 0), on = run(liar, cpus, seed, 1);
  /* One that wakes often has less than its share without hints, for it waits. To wait less is what
   * hints are for. */
  double share = off.cpus > off.ideal ? off.cpus : off.ideal, most = share * 1.05 + 0.005 * cpus;
  char row[64];

  snprintf(row, sizeof(row), "%s, %d CPUs, seed %llu", liar->program.name, cpus,
           (unsigned long long)seed);
  check(on.cpus <= most, "%s: %.3f CPUs, %.3f without hints (<= %.3f)", row, on.cpus, off.cpus,
        most);
  check(on.late_ms <= off.late_ms + 20, "%s: p99 of others' wakeups %.2f ms, %.2f without (+ 20)",
        row, on.late_ms, off.late_ms);
  check(on.wait_ms <= 10000 && on.busy >= 0.99 * cpus,
        "%s: no wait longer than %.0f ms (<= 10000), %.2f CPUs at work", row, on.wait_ms, on.busy);
}

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
                                     .hint = pause});
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
                                     .hint = pause});
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

/* Hints of kernel threads mean nothing. */
static void kernel_thread(int cpus, __u64 seed) {
  const struct liar thread = {
      {.name = "kernel thread", .run_ns = SIM_FOREVER, .pin = -1, .kthread = 1, .hint = everything},
      1};
  struct outcome off = run(&thread, cpus, seed, 0), on = run(&thread, cpus, seed, 1);

  check(on.cpus == off.cpus && on.late_ms == off.late_ms,
        "kernel thread, %d CPUs, seed %llu: %.3f CPUs, %.3f without hints (the same)", cpus,
        (unsigned long long)seed, on.cpus, off.cpus);
}

static void effect(int cpus, __u64 seed) {
  double alone = collections(cpus, seed, 0), helped = collections(cpus, seed, 1);
  double late_off, late_on;
  double off = pauses(cpus, seed, 0, &late_off), on = pauses(cpus, seed, 1, &late_on);

  check(alone / helped >= 1.2 || cpus > 4,
        "collections, %d CPUs, seed %llu: take %.1f ms, %.1f without hints (>= 1.2 times)", cpus,
        (unsigned long long)seed, helped, alone);
  check(off / on >= 1.2,
        "pauses of 100 ms, %d CPUs, seed %llu: take %.1f ms, %.1f without hints (>= 1.2 times)",
        cpus, (unsigned long long)seed, on, off);
  check(late_on <= late_off + 20,
        "pauses, %d CPUs, seed %llu: p99 of others' wakeups %.2f ms, %.2f without (+ 20)", cpus,
        (unsigned long long)seed, late_on, late_off);
}

void liar_rows(int cpus) {
  int seeds = cpus <= 16 ? 3 : 1;

  for (int seed = 1; seed <= seeds; seed++) {
    for (unsigned i = 0; i < sizeof(liars) / sizeof(*liars); i++) lie(&liars[i], cpus, seed);
    kernel_thread(cpus, seed);
    requests_row(cpus, seed);
    batch_row(cpus, seed);
    if (cpus <= 16) batch_in_crowd(cpus, seed);
    effect(cpus, seed);
  }
}
