/* Reads the description of a group. */
#define _GNU_SOURCE
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "load.h"

static const struct {
  const char* name;
  int value;
} kinds[] = {{"hog", HOG},         {"sleeper", SLEEPER}, {"pair", PAIR}, {"forks", FORKS},
             {"threads", THREADS}, {"kworker", KWORKER}, {"rcu", RCU},   {NULL, 0}},
  policies[] = {{"other", SCHED_OTHER}, {"idle", SCHED_IDLE}, {"batch", SCHED_BATCH}, {NULL, 0}},
  lies[] = {{"pause", LIE_PAUSE}, {"urgency", LIE_URGENCY}, {"deadline", LIE_DEADLINE},
            {"batch", SAY_BATCH}, {"nothing", SAY_NOTHING}, {NULL, 0}};

static void refuse(const char* what) {
  fprintf(stderr, "load: cannot understand \"%s\"\n", what);
  exit(2);
}

#define LOOK_UP(table, text)                                     \
  ({                                                             \
    int at = 0;                                                  \
    while (table[at].name && strcmp(table[at].name, text)) at++; \
    if (!table[at].name) refuse(text);                           \
    table[at].value;                                             \
  })

static void read_range(const char* text, unsigned* from, unsigned* to) {
  char* end;

  *from = strtoul(text, &end, 10);
  *to = *end == '-' ? strtoul(end + 1, &end, 10) : *from;
  if (*end || *to < *from) refuse(text);
}

static void set(struct group* group, const char* key, char* value) {
  char* rest;

  if (!strcmp(key, "name"))
    snprintf(group->name, sizeof(group->name), "%s", value);
  else if (!strcmp(key, "cgroup"))
    snprintf(group->cgroup, sizeof(group->cgroup), "%s", value);
  else if (!strcmp(key, "kind"))
    group->kind = LOOK_UP(kinds, value);
  else if (!strcmp(key, "policy"))
    group->policy = LOOK_UP(policies, value);
  else if (!strcmp(key, "count"))
    group->count = atoi(value);
  else if (!strcmp(key, "nice"))
    group->nice = atoi(value);
  else if (!strcmp(key, "cgroups"))
    group->processes = atoi(value);
  else if (!strcmp(key, "rt"))
    group->real_time = atoi(value);
  else if (!strcmp(key, "run"))
    read_range(value, &group->run_us, &group->run_most_us);
  else if (!strcmp(key, "sleep"))
    read_range(value, &group->sleep_us, &group->sleep_most_us);
  else if (!strcmp(key, "cpus"))
    for (char* cpu = strtok_r(value, ":", &rest); cpu && group->cpu_count < MAX_CPUS;
         cpu = strtok_r(NULL, ":", &rest))
      group->cpus[group->cpu_count++] = atoi(cpu);
  else if (!strcmp(key, "lies"))
    for (char* lie = strtok_r(value, "+", &rest); lie; lie = strtok_r(NULL, "+", &rest))
      group->lies |= LOOK_UP(lies, lie);
  else
    refuse(key);
}

void read_group(struct group* group, char* text) {
  char* rest;

  group->count = group->processes = 1;
  group->policy = SCHED_OTHER;
  for (char* part = strtok_r(text, ",", &rest); part; part = strtok_r(NULL, ",", &rest)) {
    char* value = strchr(part, '=');

    if (!value) refuse(part);
    *value++ = 0;
    set(group, part, value);
  }
  if (group->count < 1 || group->count > MAX_TASKS || group->processes < 1 ||
      group->processes > MAX_PROCESSES || group->count % group->processes)
    refuse(group->name);
}
