/* The groups of tasks that a run consists of, in memory that all processes of the run share. */
#ifndef LOAD_H
#define LOAD_H

#include <schedhint/schedhint.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#define MAX_GROUPS 16
#define MAX_TASKS 512 /* of a group */
#define MAX_LATE 65536
#define MAX_CPUS 64
#define MAX_PROCESSES 64 /* of a group: one for each of its cgroups */

enum kind {
  HOG,     /* never sleeps */
  SLEEPER, /* wakes up at times known before, works a little, and sleeps again */
  PAIR,    /* two threads that wake each other up in turns */
  FORKS,   /* each burst is a child process */
  THREADS, /* each burst is a thread, which starts the next one */
  KWORKER, /* has all per-CPU kernel workers run once, and waits for them */
  RCU,     /* waits for a grace period, which a kernel thread ends */
};

enum lie {
  LIE_PAUSE = 1,
  LIE_URGENCY = 2,
  LIE_DEADLINE = 4,
  SAY_BATCH = 8,    /* true, for what never sleeps */
  SAY_NOTHING = 16, /* only bound: for the feedback */
};

/* One task; of what ends and begins again, the one that is there now. */
struct slot {
  pid_t tid;
  uint64_t last_ns,
      longest_ns;      /* a hog's last look at the clock, and the longest time between two */
  uint64_t iterations; /* of 4,000 instructions */
  uint64_t wakeups;
  uint64_t forked_ns; /* CPU time of child processes that have ended */
  uint64_t random;
};

struct group {
  char name[32], cgroup[128];
  enum kind kind;
  int count, nice, policy, lies;
  bool real_time;
  int cpus[MAX_CPUS], cpu_count; /* the n-th task is bound to the n-th of them */
  int processes;                 /* more than one: each in its cgroup, named 0, 1, ... */
  unsigned run_us, run_most_us;  /* of a burst; most: 0 for always the same */
  unsigned sleep_us, sleep_most_us;
  pid_t pid[MAX_PROCESSES];
  struct slot slot[MAX_TASKS];
  unsigned late_count;
  uint32_t late_us[MAX_LATE];
  struct schedhint_process process[MAX_PROCESSES];
  struct schedhint_thread block[MAX_TASKS];
};

struct run {
  int groups;
  unsigned ready, go; /* tasks that wait; futex */
  bool measures;
  unsigned seed;
  int map;
  struct group group[MAX_GROUPS];
};
extern struct run* run;

uint64_t now_ns(void);
void fail(const char* what) __attribute__((noreturn));

/* groups.c:
 * "name=hogs,kind=hog,count=4,nice=0,policy=other,cpus=0:2,cgroup=a/b,cgroups=1,lies=pause+urgency,
 * run=100-200,sleep=1000-10000,rt=1". Ends the program if it is not understood. */
void read_group(struct group* group, char* text);

/* work.c: starts the tasks of one process and does not return. */
void run_process(struct group* group, int number) __attribute__((noreturn));

/* hints.c */
void open_map(const char* pin);
void bind_task(struct group* group, int process, int task);
void bind_kernel_threads(struct group* group);
void renew_lies(struct group* group, int task, uint64_t now);

/* report.c */
void begin_measuring(void);
void end_measuring(void);
void report(uint64_t exit_ns);

#endif /* LOAD_H */
