/* A machine under sched_ext, in discrete events: what a policy is run in, and what it may call. */
#ifndef MACHINE_H
#define MACHINE_H

#include <linux/types.h>

#define SIM_MS 1000000ULL
#define SIM_TICK_NS (4 * SIM_MS) /* 250 Hz */
#define SIM_DEFAULT_SLICE_NS (20 * SIM_MS)
#define SIM_FOREVER (~0ULL >> 1)
#define SIM_CPUS 128
#define SIM_TASKS 16384
#define SIM_QUEUES 640 /* of the policy; those of the CPUs come after them */
#define SIM_CGROUPS 64 /* 0 is the root */
#define SIM_PROGRAMS 64
#define SIM_SAMPLES 65536

/* What a task hints. A function of a program sets it at each look. */
struct sim_hints {
  __u64 deadline_ns, runtime_ns;
  __u32 urgency;
  _Bool pause, batch;
};

struct sim_task;

/* What a task does, and how many there are of it. */
struct sim_program {
  const char* name;
  int count;
  __u32 weight;    /* the kernel's: 100 is nice 0, 1 is nice 19 and SCHED_IDLE */
  __u64 run_ns;    /* of each burst; SIM_FOREVER: it never sleeps */
  __u64 sleep_ns;  /* between two bursts */
  __u64 period_ns; /* in place of sleep_ns: all wake up together, at multiples of it */
  int jitter;      /* both vary by so many per cent */
  int pin;         /* to this CPU; -1: none. PIN_EACH: the n-th to CPU n */
  int cgroup;      /* of the first; with `spread` the others in the next ones */
  _Bool spread;
  _Bool kthread;
  __u64 start_ns; /* when they begin */
  _Bool spawned;  /* with `forks`: the child is that of a task that stands at the clock */
  _Bool forks;    /* each burst ends the task, and a child begins the next */
  void (*hint)(const struct sim_task*, struct sim_hints*); /* NULL: none */

  /* measured */
  __u64 cpu_ns, wakeups, worst_wait_ns, samples;
  __u64 worst_lack_ns; /* in which a task had less than half a tick: turns that are cut short do not
                          end it */
  __u64 bursts, bursts_ns; /* from wakeup to end */
  __u64* late_ns;          /* of each wakeup, up to SIM_SAMPLES */
};
#define PIN_EACH (-2)

struct sim_cgroup {
  int parent;
  __u32 weight;
  __u64 quota_us, period_us, burst_us; /* quota 0: no limit */
};

struct sim_task {
  int id, pin, cgroup, cpu, ran_on;
  __u32 weight;
  _Bool kthread, runnable, alive;
  struct sim_program* program;
  __u64 slice_ns, vtime; /* the kernel's, set by the policy */
  __u64 cpu_ns, left_ns, pinned_at;
  /* of the machine */
  int queue;
  struct sim_task *next, *before;
  __u64 began_ns, woken_ns, waits_ns;
  __u64 lacks_ns,
      lacks_cpu_ns; /* since when, and at which cpu_ns, it has had less than half a tick */
};

enum { SIM_WAKEUP = 1, SIM_PREEMPT = 2 };

/* The operations of sched_ext that a policy has; those of a wakeup in the kernel's order. */
struct sim_policy {
  const char* name;
  void (*init)(void);
  int (*select_cpu)(struct sim_task*, int previous);
  void (*enqueue)(struct sim_task*, unsigned flags);
  void (*dispatch)(int cpu, struct sim_task* previous); /* NULL: it sleeps, or there was none */
  void (*tick)(struct sim_task*);
  void (*runnable)(struct sim_task*);
  void (*running)(struct sim_task*);
  void (*stopping)(struct sim_task*, _Bool runnable);
  void (*quiescent)(struct sim_task*);
  void (*init_task)(struct sim_task*, struct sim_task* parent);
  void (*exit_task)(struct sim_task*);
  __u64 (*owed)(int cgroup); /* its debt: for the judges */
  void (*timer)(void);       /* each tick, of no CPU */
  _Bool enqueues_last; /* SCX_OPS_ENQ_LAST: a task is not kept because nothing else is there */
};

struct sim_cpu {
  struct sim_task* runs;
  __u64 since_ns; /* accounted up to here */
  __u64 busy_ns;
  unsigned burst; /* the number of the event that ends the burst; older ones are void */
  _Bool idle, resched;
};

struct sim {
  int cpus, llc_cpus;
  __u64 now, random;
  const struct sim_policy* policy;
  struct sim_cpu cpu[SIM_CPUS];
  struct sim_task task[SIM_TASKS];
  int tasks, idle; /* idle: how many CPUs are */
  struct sim_program program[SIM_PROGRAMS];
  int programs;
  struct sim_cgroup cgroup[SIM_CGROUPS];
  int cgroups;
  __u64 moves; /* of tasks between LLCs */
  _Bool with_hints;
  __u64 measured_from; /* what was before counts for nothing */
};
extern struct sim sim;

/* For scenarios. Runs for `ns`, of which the first eighth is not measured. */
void sim_reset(int cpus, int llc_cpus, __u64 seed, _Bool with_hints);
struct sim_program* sim_add(struct sim_program program);
void sim_run(const struct sim_policy* policy, __u64 ns);
void sim_task_hints(const struct sim_task* task, struct sim_hints* hints);

/* For policies: the kernel's functions. */
#define SIM_LOCAL(cpu) (SIM_QUEUES + (cpu))
__u32 sim_random(void);
void sim_insert(struct sim_task* task, int queue, __u64 slice_ns, unsigned flags);
void sim_insert_vtime(struct sim_task* task, int queue, __u64 slice_ns, __u64 vtime);
_Bool sim_move_to_local(int queue, int cpu);
void sim_move_vtime(struct sim_task* task, int queue, __u64 vtime);
int sim_queued(int queue);
struct sim_task* sim_first(int queue);
int sim_select_idle(const struct sim_task* task, int previous); /* -1: no allowed CPU is idle */
void sim_kick(int cpu, unsigned flags);

#endif /* MACHINE_H */
