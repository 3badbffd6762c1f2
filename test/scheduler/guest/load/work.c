/* What the tasks of a group do, until they are killed. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <linux/membarrier.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "load.h"

#if defined(__x86_64__)
#define STEP "add $1, %0\n"
#elif defined(__aarch64__)
#define STEP "add %0, %0, #1\n"
#else
#error "work.c: no code for this processor"
#endif
#define STEPS 4000 /* straight-line code, which QEMU emulates fast */

struct place {
  struct group* group;
  int process, task;
};

static void step(void) {
  unsigned long count = 0;

  __asm__ volatile(".rept 4000\n" STEP ".endr\n" : "+r"(count)::"cc");
}

static unsigned draw(struct slot* slot, unsigned from, unsigned to) {
  slot->random ^= slot->random << 13;
  slot->random ^= slot->random >> 7;
  slot->random ^= slot->random << 17;
  return from + (to > from ? slot->random % (to - from + 1) : 0);
}

/* So many thousands of instructions: where time counts those, microseconds. */
static void work(const struct place* place, unsigned us) {
  struct slot* slot = &place->group->slot[place->task];

  for (uint64_t i = 0; i < us * 1000ULL / STEPS; i++) {
    step();
    slot->iterations++;
    if (place->group->lies) renew_lies(place->group, place->task, now_ns());
  }
}

static void burst(const struct place* place) {
  struct group* group = place->group;

  work(place, draw(&group->slot[place->task], group->run_us, group->run_most_us));
}

static void note_late(struct group* group, uint64_t late_ns) {
  unsigned at;

  if (!__atomic_load_n(&run->measures, __ATOMIC_RELAXED)) return;
  at = __atomic_fetch_add(&group->late_count, 1, __ATOMIC_RELAXED);
  if (at < MAX_LATE) group->late_us[at] = late_ns / 1000;
}

static void sleep_until(uint64_t ns) {
  struct timespec time = {ns / 1000000000ULL, ns % 1000000000ULL};

  while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &time, NULL) == EINTR);
}

static uint64_t next_time(struct group* group, struct slot* slot) {
  return now_ns() + draw(slot, group->sleep_us, group->sleep_most_us) * 1000ULL;
}

static void hog(const struct place* place) {
  struct slot* slot = &place->group->slot[place->task];

  slot->last_ns = now_ns();
  for (;;) {
    uint64_t now;

    step();
    slot->iterations++;
    now = now_ns();
    if (run->measures && now - slot->last_ns > slot->longest_ns)
      slot->longest_ns = now - slot->last_ns;
    slot->last_ns = now;
    if (place->group->lies) renew_lies(place->group, place->task, now);
  }
}

static void sleeper(const struct place* place) {
  struct slot* slot = &place->group->slot[place->task];

  for (;;) {
    uint64_t due = next_time(place->group, slot);

    sleep_until(due);
    note_late(place->group, now_ns() - due);
    slot->wakeups++;
    burst(place);
  }
}

static int channels[MAX_TASKS][2];

static void pair(const struct place* place) {
  struct slot* slot = &place->group->slot[place->task];
  int mine = place->task, other = place->task ^ 1;
  char byte = 0;

  if (!(mine & 1) && write(channels[other][1], &byte, 1) != 1) fail("write");
  for (;;) {
    if (read(channels[mine][0], &byte, 1) != 1) fail("read");
    slot->wakeups++;
    burst(place);
    if (write(channels[other][1], &byte, 1) != 1) fail("write");
  }
}

static uint64_t used_ns(void) {
  struct timespec used;

  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
  return used.tv_sec * 1000000000ULL + used.tv_nsec;
}

static void forks(const struct place* place) {
  struct slot* slot = &place->group->slot[place->task];

  for (;;) {
    unsigned us = draw(slot, place->group->run_us, place->group->run_most_us);
    pid_t child = fork();

    if (child < 0) fail("fork");
    if (!child) {
      prctl(PR_SET_PDEATHSIG, SIGKILL);
      bind_task(place->group, place->process, place->task);
      work(place, us);
      __atomic_fetch_add(&slot->forked_ns, used_ns(), __ATOMIC_RELAXED);
      _exit(0);
    }
    while (waitpid(child, NULL, 0) < 0 && errno == EINTR);
    slot->wakeups++;
  }
}

static void* successor(void* argument) {
  struct place* place = argument;
  pthread_t next;

  bind_task(place->group, place->process, place->task);
  burst(place);
  place->group->slot[place->task].wakeups++;
  if (pthread_create(&next, NULL, successor, place)) fail("pthread_create");
  pthread_detach(next);
  return NULL;
}

/* Waits until a kernel thread on each CPU has run. Of a real-time task: so it waits for those only.
 */
static void kworker(const struct place* place) {
  struct slot* slot = &place->group->slot[place->task];
  int file = open("/proc/sys/vm/stat_refresh", O_WRONLY);

  if (file < 0) fail("/proc/sys/vm/stat_refresh");
  for (;;) {
    uint64_t begun;

    sleep_until(next_time(place->group, slot));
    begun = now_ns();
    if (pwrite(file, "1", 1, 0) != 1) fail("/proc/sys/vm/stat_refresh");
    note_late(place->group, now_ns() - begun);
    slot->wakeups++;
  }
}

static void rcu(const struct place* place) {
  struct slot* slot = &place->group->slot[place->task];

  for (;;) {
    uint64_t begun;

    sleep_until(next_time(place->group, slot));
    begun = now_ns();
    if (syscall(SYS_membarrier, MEMBARRIER_CMD_GLOBAL, 0, 0)) fail("membarrier");
    note_late(place->group, now_ns() - begun);
    slot->wakeups++;
  }
}

static void bind_to_cpu(const struct place* place) {
  const struct group* group = place->group;
  cpu_set_t cpus;

  if (!group->cpu_count) return;
  CPU_ZERO(&cpus);
  CPU_SET(group->cpus[place->task % group->cpu_count], &cpus);
  if (sched_setaffinity(0, sizeof(cpus), &cpus)) fail("sched_setaffinity");
}

static void* task_main(void* argument) {
  static void (*const body[])(const struct place*) = {
      [HOG] = hog,     [SLEEPER] = sleeper, [PAIR] = pair,
      [FORKS] = forks, [KWORKER] = kworker, [RCU] = rcu};
  struct place* place = argument;
  struct slot* slot = &place->group->slot[place->task];

  slot->tid = syscall(SYS_gettid);
  slot->random =
      (run->seed * 2654435761ULL + (place->group - run->group) * 97ULL + place->task + 1) *
      0x9e3779b97f4a7c15ULL;
  prctl(PR_SET_TIMERSLACK, 1);
  bind_to_cpu(place);
  if (place->group->kind != FORKS && place->group->kind != THREADS)
    bind_task(place->group, place->process, place->task);
  __atomic_fetch_add(&run->ready, 1, __ATOMIC_SEQ_CST);
  while (!__atomic_load_n(&run->go, __ATOMIC_ACQUIRE))
    syscall(SYS_futex, &run->go, FUTEX_WAIT, 0, NULL, NULL, 0);
  if (place->group->kind == THREADS) return successor(place);
  body[place->group->kind](place);
  return NULL;
}

void run_process(struct group* group, int number) {
  int tasks = group->count / group->processes;
  struct sched_param none = {0};
  pthread_t thread;

  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (!group->real_time) {
    if (sched_setscheduler(0, group->policy, &none)) fail("sched_setscheduler");
    if (setpriority(PRIO_PROCESS, 0, group->nice)) fail("setpriority");
  }
  for (int i = 0; group->kind == PAIR && i < tasks; i++)
    if (pipe(channels[number * tasks + i])) fail("pipe");
  for (int i = 0; i < tasks; i++) {
    struct place* place = malloc(sizeof(*place));

    *place = (struct place){group, number, number * tasks + i};
    if (pthread_create(&thread, NULL, task_main, place)) fail("pthread_create");
  }
  for (;;) pause();
}
