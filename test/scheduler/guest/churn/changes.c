/* Changes of tasks and of the machine. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "churn.h"

static bool renice(void) {
  return !setpriority(PRIO_PROCESS, one_child(), (int)below(40) - 20);
}

static bool set_policy(void) {
  static const int policies[] = {SCHED_OTHER, SCHED_BATCH, SCHED_IDLE};
  struct sched_param none = {0};

  return !sched_setscheduler(one_child(), policies[below(3)], &none);
}

static void affinity(pid_t pid, int cpu) {
  cpu_set_t set;

  CPU_ZERO(&set);
  for (int i = 0; i < cpus; i++)
    if (cpu < 0 || i == cpu) CPU_SET(i, &set);
  sched_setaffinity(pid, sizeof(set), &set);
}

static bool set_affinity(void) {
  affinity(one_child(), below(2) ? (int)below(cpus) : -1);
  return true;
}

/* A task of ours has a CPU for a while at a priority above all of theirs. */
static bool real_time(void) {
  pid_t pid = one_child();
  struct sched_param low = {.sched_priority = 1}, none = {0};
  bool set = !sched_setscheduler(pid, below(2) ? SCHED_FIFO : SCHED_RR, &low);

  sleep_ms(5 + below(60));
  return set && !sched_setscheduler(pid, SCHED_OTHER, &none);
}

static bool deadline(void) {
  struct {
    uint32_t size, policy;
    uint64_t flags;
    int32_t nice;
    uint32_t priority;
    uint64_t runtime, deadline, period;
  } attributes = {.size = 48,
                  .policy = SCHED_DEADLINE,
                  .runtime = 5000000,
                  .deadline = 20000000,
                  .period = 20000000};
  struct sched_param none = {0};
  pid_t pid = one_child();
  bool set;

  affinity(pid, -1);
  set = !syscall(SYS_sched_setattr, pid, &attributes, 0);
  sleep_ms(5 + below(60));
  sched_setscheduler(pid, SCHED_OTHER, &none);
  return set;
}

static bool exec_again(void) {
  return !kill(one_child(), SIGUSR1);
}

static bool replace(void) {
  int i = below(children);

  kill(child[i], SIGKILL);
  waitpid(child[i], NULL, 0);
  start_child(i);
  return true;
}

/* Of children that end as soon as they have run. It goes on meanwhile; a second one waits for its
 * end. */
static bool fork_storm(void) {
  static pid_t last;

  if (last && waitpid(last, NULL, WNOHANG) == 0) return true;
  last = fork();
  if (!last) {
    struct sched_param none = {0};

    affinity(0, -1);
    sched_setscheduler(0, SCHED_OTHER, &none);
    for (int i = 0; i < 100; i++)
      if (!fork()) _exit(0);
    while (wait(NULL) > 0);
    _exit(0);
  }
  return last > 0;
}

static bool put(const char* path, const char* text) {
  int file = open(path, O_WRONLY);
  bool done = file >= 0 && write(file, text, strlen(text)) > 0;

  if (file >= 0) close(file);
  return done;
}

static bool is_scheduling(void) {
  char text[16] = "";
  int file = open("/sys/kernel/sched_ext/state", O_RDONLY);

  if (file < 0 || read(file, text, sizeof(text) - 1) < 0) fail("/sys/kernel/sched_ext/state");
  close(file);
  return !strncmp(text, "enabled", 7);
}

/* After each of the two the scheduler loads again. */
static void await_scheduler(void) {
  for (int i = 0; i < 6000; i++) {
    sleep_ms(50);
    if (is_scheduling()) return;
  }
  errno = ETIMEDOUT;
  fail("the scheduler is not back five minutes after a CPU went off or on");
}

static bool unplug(void) {
  char path[80];
  bool done;

  snprintf(path, sizeof(path), "/sys/devices/system/cpu/cpu%d/online", 1 + (int)below(cpus - 1));
  done = put(path, "0");
  await_scheduler();
  sleep_ms(500 + below(1500));
  done = put(path, "1") && done;
  await_scheduler();
  return done;
}

struct change changes[] = {{"nice", 10, renice, 0, 0},
                           {"policy", 10, set_policy, 0, 0},
                           {"affinity", 12, set_affinity, 0, 0},
                           {"real-time", 4, real_time, 0, 0},
                           {"deadline", 3, deadline, 0, 0},
                           {"exec", 6, exec_again, 0, 0},
                           {"replaced", 6, replace, 0, 0},
                           {"fork storm", 2, fork_storm, 0, 0},
                           {"cgroup added", 8, add_cgroup, 0, 0},
                           {"cgroup removed", 4, remove_cgroup, 0, 0},
                           {"cgroup entered", 20, move_to_cgroup, 0, 0},
                           {"weight", 6, change_weight, 0, 0},
                           {"limit", 6, change_limit, 0, 0},
                           {"idle", 3, change_idle, 0, 0},
                           {"CPU off and on", 1, unplug, 0, 0},
                           {NULL, 0, NULL, 0, 0}};
