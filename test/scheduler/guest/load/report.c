/* Measures the groups from outside, and prints what they did as JSON. */
#define _GNU_SOURCE
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "load.h"

struct stat_of_task {
  uint64_t cpu_ns, wait_ns, turns;
};

/* What has been counted so far; at the end, since the beginning. */
static struct {
  uint64_t at_ns, cpu_ns[MAX_GROUPS], iterations[MAX_GROUPS], wakeups[MAX_GROUPS];
  struct stat_of_task task[MAX_GROUPS][MAX_TASKS], kernel;
} begun, done;

static void read_schedstat(const char* path, struct stat_of_task* stat) {
  unsigned long long cpu, wait, turns;
  FILE* file = fopen(path, "r");

  if (!file) return;
  if (fscanf(file, "%llu %llu %llu", &cpu, &wait, &turns) == 3)
    *stat = (struct stat_of_task){cpu, wait, turns};
  fclose(file);
}

/* A whole process, with its threads that have ended. */
static uint64_t process_cpu_ns(pid_t pid) {
  struct timespec used;
  clockid_t clock;

  if (clock_getcpuclockid(pid, &clock) || clock_gettime(clock, &used)) return 0;
  return used.tv_sec * 1000000000ULL + used.tv_nsec;
}

/* Workers and softirq threads; those that come later are not counted. */
static void read_kernel_threads(struct stat_of_task* sum) {
  static int pids[1024], count = -1;
  DIR* proc;

  if (count < 0) {
    count = 0;
    proc = opendir("/proc");
    for (struct dirent* entry = readdir(proc); entry; entry = readdir(proc)) {
      char path[300], name[64] = "";
      FILE* file;

      if (atoi(entry->d_name) <= 0 || count == 1024) continue;
      snprintf(path, sizeof(path), "/proc/%s/comm", entry->d_name);
      file = fopen(path, "r");
      if (!file) continue;
      if (fgets(name, sizeof(name), file) &&
          (!strncmp(name, "kworker/", 8) || !strncmp(name, "ksoftirqd/", 10)))
        pids[count++] = atoi(entry->d_name);
      fclose(file);
    }
    closedir(proc);
  }
  *sum = (struct stat_of_task){0};
  for (int i = 0; i < count; i++) {
    struct stat_of_task one = {0};
    char path[64];

    snprintf(path, sizeof(path), "/proc/%d/schedstat", pids[i]);
    read_schedstat(path, &one);
    sum->cpu_ns += one.cpu_ns;
    sum->wait_ns += one.wait_ns;
    sum->turns += one.turns;
  }
}

static void read_all(typeof(begun)* into) {
  into->at_ns = now_ns();
  for (int g = 0; g < run->groups; g++) {
    struct group* group = &run->group[g];

    into->cpu_ns[g] = into->iterations[g] = into->wakeups[g] = 0;
    for (int p = 0; p < group->processes; p++) into->cpu_ns[g] += process_cpu_ns(group->pid[p]);
    for (int t = 0; t < group->count; t++) {
      char path[96];

      snprintf(path, sizeof(path), "/proc/%d/schedstat", group->slot[t].tid);
      read_schedstat(path, &into->task[g][t]);
      into->cpu_ns[g] += group->slot[t].forked_ns;
      into->iterations[g] += group->slot[t].iterations;
      into->wakeups[g] += group->slot[t].wakeups;
    }
  }
}

void begin_measuring(void) {
  read_kernel_threads(&begun.kernel);
  for (int g = 0; g < run->groups; g++)
    for (int t = 0; t < run->group[g].count; t++) run->group[g].slot[t].longest_ns = 0;
  __atomic_store_n(&run->measures, true, __ATOMIC_RELEASE);
  read_all(&begun);
}

void end_measuring(void) {
  read_all(&done);
  __atomic_store_n(&run->measures, false, __ATOMIC_RELEASE);
  read_kernel_threads(&done.kernel);
}

/* A hog that has not looked at the clock since then waits still. */
static uint64_t longest_ns(const struct group* group) {
  uint64_t longest = 0;

  for (int t = 0; group->kind == HOG && t < group->count; t++) {
    const struct slot* slot = &group->slot[t];
    uint64_t since = slot->last_ns > begun.at_ns ? slot->last_ns : begun.at_ns;
    uint64_t now = done.at_ns > since ? done.at_ns - since : 0;

    if (slot->longest_ns > longest) longest = slot->longest_ns;
    if (now > longest) longest = now;
  }
  return longest;
}

static void print_tasks(int g) {
  const struct group* group = &run->group[g];

  printf(",\"tasks\":[");
  for (int t = 0; t < group->count; t++)
    printf("%s[%llu,%llu]", t ? "," : "",
           (unsigned long long)(done.task[g][t].cpu_ns - begun.task[g][t].cpu_ns),
           (unsigned long long)(done.task[g][t].wait_ns - begun.task[g][t].wait_ns));
  printf("],\"lateUs\":[");
  for (unsigned i = 0; i < group->late_count && i < MAX_LATE; i++)
    printf("%s%u", i ? "," : "", group->late_us[i]);
  printf("]");
}

static void print_group(int g) {
  const struct group* group = &run->group[g];
  unsigned long long throttled = 0, granted = 0, refused = 0, read_by = 0;

  for (int t = 0; t < group->count; t++) {
    throttled += group->block[t].throttled_ns;
    granted += group->block[t].granted_ns;
    refused += group->block[t].refused;
    read_by += group->block[t].reader_id != 0;
  }
  printf(
      "%s\n{\"name\":\"%s\",\"count\":%d,\"cpuNs\":%llu,\"iterations\":%llu,\"wakeups\":%llu,"
      "\"longestNs\":%llu,\"throttledNs\":%llu,\"grantedNs\":%llu,\"refused\":%llu,\"read\":%llu",
      g ? "," : "", group->name, group->count,
      (unsigned long long)(done.cpu_ns[g] - begun.cpu_ns[g]),
      (unsigned long long)(done.iterations[g] - begun.iterations[g]),
      (unsigned long long)(done.wakeups[g] - begun.wakeups[g]),
      (unsigned long long)longest_ns(group), throttled, granted, refused, read_by);
  print_tasks(g);
  printf("}");
}

void report(uint64_t exit_ns) {
  printf(
      "{\"ns\":%llu,\"exitNs\":%llu,\"kernelThreads\":{\"cpuNs\":%llu,\"waitNs\":%llu,\"turns\":%"
      "llu},"
      "\"groups\":[",
      (unsigned long long)(done.at_ns - begun.at_ns), (unsigned long long)exit_ns,
      (unsigned long long)(done.kernel.cpu_ns - begun.kernel.cpu_ns),
      (unsigned long long)(done.kernel.wait_ns - begun.kernel.wait_ns),
      (unsigned long long)(done.kernel.turns - begun.kernel.turns));
  for (int g = 0; g < run->groups; g++) print_group(g);
  printf("]}\n");
}
