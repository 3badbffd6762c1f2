/* Measures what a run has done, and counts what passed and what did not. */
#include "judge.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

static int passed, failed;

void check(_Bool holds, const char* format, ...) {
  va_list list;

  printf("  %s ", holds ? "ok    " : "FAILED");
  va_start(list, format);
  vprintf(format, list);
  va_end(list);
  printf("\n");
  if (holds)
    passed++;
  else
    failed++;
}

int checks_failed(void) {
  printf("%d passed, %d failed\n", passed, failed);
  return failed;
}

static int by_size(const void* a, const void* b) {
  __u64 x = *(const __u64*)a, y = *(const __u64*)b;

  return x < y ? -1 : x > y;
}

double late_ms(struct sim_program* program, double quantile) {
  if (!program->samples) return 0;
  qsort(program->late_ns, program->samples, sizeof(__u64), by_size);
  return program->late_ns[(__u64)(quantile * (program->samples - 1))] / 1e6;
}

double worst_wait_ms(void) {
  __u64 worst = 0;

  for (int i = 0; i < sim.programs; i++)
    if (sim.program[i].worst_wait_ns > worst) worst = sim.program[i].worst_wait_ns;
  return worst / 1e6;
}

double cpus_of(const struct sim_program* program) {
  return (double)program->cpu_ns / (sim.now - sim.measured_from);
}

double cpus_busy(void) {
  __u64 busy = 0;

  for (int i = 0; i < sim.cpus; i++) busy += sim.cpu[i].busy_ns;
  return (double)busy / (sim.now - sim.measured_from);
}

/* The weight of a task in the whole, with all tasks of all cgroups active. */
static double flat_weight(const struct sim_program* program, int nth) {
  double weight = program->weight;
  int group = program->cgroup + (program->spread ? nth : 0);

  for (; group; group = sim.cgroup[group].parent) {
    double sum = 0;

    for (int i = 0; i < sim.programs; i++)
      for (int n = 0; n < sim.program[i].count; n++)
        if (sim.program[i].cgroup + (sim.program[i].spread ? n : 0) == group)
          sum += sim.program[i].weight;
    for (int i = 1; i < sim.cgroups; i++)
      if (sim.cgroup[i].parent == group) sum += sim.cgroup[i].weight;
    weight *= sim.cgroup[group].weight / sum;
  }
  return weight;
}

static struct ideal_task {
  double weight, rate, most; /* most: what it asks for */
  int program, pin;
  _Bool fixed;
} all[SIM_TASKS];

static double demand(const struct sim_program* program) {
  if (program->run_ns >= SIM_FOREVER || program->forks) return 1;
  return (double)program->run_ns / (program->run_ns + program->sleep_ns);
}

/* Raises all rates together, in proportion to the weights, and fixes those that meet a limit: a
 * task has what it asks for at most, those that are bound to a CPU share it, all have all CPUs. */
void ideal_cpus(double* ideal) {
  int tasks = 0;

  for (int i = 0; i < sim.programs; i++)
    for (int n = 0; n < sim.program[i].count; n++)
      all[tasks++] = (struct ideal_task){
          .weight = flat_weight(&sim.program[i], n),
          .most = demand(&sim.program[i]),
          .program = i,
          .pin = sim.program[i].pin == PIN_EACH ? n % sim.cpus : sim.program[i].pin};
  for (;;) {
    double level = 1e9, weight[SIM_CPUS + 1] = {0}, room[SIM_CPUS + 1];
    int lowest = -2, open = 0;

    for (int c = 0; c < sim.cpus; c++) room[c] = 1;
    room[sim.cpus] = sim.cpus;
    for (int t = 0; t < tasks; t++) {
      int place = all[t].pin >= 0 ? all[t].pin : sim.cpus;

      if (all[t].fixed) {
        room[sim.cpus] -= all[t].rate;
        if (place < sim.cpus) room[place] -= all[t].rate;
        continue;
      }
      open++;
      weight[sim.cpus] += all[t].weight;
      if (place < sim.cpus) weight[place] += all[t].weight;
      if (all[t].most / all[t].weight < level) level = all[t].most / all[t].weight, lowest = -1;
    }
    if (!open) break;
    for (int c = 0; c <= sim.cpus; c++)
      if (weight[c] > 0 && room[c] / weight[c] < level) level = room[c] / weight[c], lowest = c;
    for (int t = 0; t < tasks; t++) {
      if (all[t].fixed) continue;
      if (lowest == -1 ? all[t].most / all[t].weight > level * 1.000001
                       : lowest < sim.cpus && all[t].pin != lowest)
        continue;
      all[t].fixed = 1;
      all[t].rate = all[t].weight * level;
    }
  }
  for (int i = 0; i < sim.programs; i++) ideal[i] = 0;
  for (int t = 0; t < tasks; t++) ideal[all[t].program] += all[t].rate;
}
