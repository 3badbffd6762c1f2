/* Runs one scenario that is described in words, and prints how many CPUs each group had: for the
 * comparison with a kernel (test/scheduler/simulator-agrees.mjs). The words are those of
 * test/scheduler/guest/load. */
#include "scenario.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hints.h"
#include "judge.h"

static char cgroup_name[SIM_CGROUPS][64];

/* PATH:WEIGHT, parents first. */
static void add_cgroup(char* text) {
  char *colon = strchr(text, ':'), *slash = strrchr(text, '/');
  int parent = 0;

  for (int i = 1; slash && i < sim.cgroups; i++)
    if (strlen(cgroup_name[i]) == (size_t)(slash - text) &&
        !strncmp(cgroup_name[i], text, slash - text))
      parent = i;
  *colon = 0;
  snprintf(cgroup_name[sim.cgroups], sizeof(cgroup_name[0]), "%s", text);
  sim.cgroup[sim.cgroups++] = (struct sim_cgroup){.parent = parent, .weight = atoi(colon + 1)};
}

static int cgroup_of(const char* name) {
  for (int i = 1; i < sim.cgroups; i++)
    if (!strcmp(cgroup_name[i], name)) return i;
  fprintf(stderr, "simulator: no cgroup %s\n", name);
  exit(2);
}

/* The kernel's weight of a nice value, as sched_ext has it. */
static __u32 weight_of_nice(int nice) {
  double weight = 100;

  for (; nice > 0; nice--) weight /= 1.25;
  for (; nice < 0; nice++) weight *= 1.25;
  return weight < 1 ? 1 : (__u32)(weight + 0.5);
}

static void set(struct sim_program* program, const char* key, const char* value) {
  unsigned from = 0, to = 0;

  if (!strcmp(key, "name")) program->name = strdup(value);
  if (!strcmp(key, "count")) program->count = atoi(value);
  if (!strcmp(key, "nice")) program->weight = weight_of_nice(atoi(value));
  if (!strcmp(key, "cpus")) program->pin = atoi(value);
  if (!strcmp(key, "cgroup")) program->cgroup = cgroup_of(value);
  if (!strcmp(key, "lies") && !strcmp(value, "pause")) program->hint = pausing;
  if (!strcmp(key, "lies") && !strcmp(value, "batch")) program->hint = batch;
  if (sscanf(value, "%u-%u", &from, &to) != 2) return;
  if (!strcmp(key, "run")) program->run_ns = (from + to) / 2 * 1000ULL;
  if (!strcmp(key, "sleep")) {
    program->sleep_ns = (from + to) / 2 * 1000ULL;
    program->jitter = (to - from) * 100 / (to + from);
  }
}

static void add_group(char* text) {
  struct sim_program program = {.count = 1, .weight = 100, .run_ns = SIM_FOREVER, .pin = -1};
  char* rest;

  for (char* part = strtok_r(text, ",", &rest); part; part = strtok_r(NULL, ",", &rest)) {
    char* value = strchr(part, '=');

    if (!value) continue;
    *value++ = 0;
    set(&program, part, value);
  }
  sim_add(program);
}

/* CPUS MS SEED [PATH:WEIGHT...] GROUP... */
int run_scenario(int count, char** words) {
  if (count < 4) return 2;
  sim_reset(atoi(words[0]), atoi(words[0]), atoi(words[2]), 1);
  sim.cgroups = sim.cgroups ? sim.cgroups : 1;
  for (int i = 3; i < count; i++) {
    if (strchr(words[i], '='))
      add_group(words[i]);
    else
      add_cgroup(words[i]);
  }
  sim_run(&new_policy, atoi(words[1]) * SIM_MS);
  printf("{");
  for (int i = 0; i < sim.programs; i++)
    printf("%s\"%s\":{\"cpus\":%.4f,\"p50Ms\":%.2f,\"p99Ms\":%.2f,\"worstMs\":%.2f}", i ? "," : "",
           sim.program[i].name, cpus_of(&sim.program[i]), late_ms(&sim.program[i], 0.5),
           late_ms(&sim.program[i], 0.99), late_ms(&sim.program[i], 1));
  printf("}\n");
  return 0;
}
