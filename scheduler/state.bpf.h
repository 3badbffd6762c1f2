/* SPDX-License-Identifier: GPL-2.0-only */
/* What the scheduler knows of tasks, CPUs and LLCs, and which queue is whose. */
#ifndef STATE_BPF_H
#define STATE_BPF_H

#include "policy.h"
#include "settings.h"

/* Sections that the loader finds by name. */
const volatile struct settings settings SEC(".rodata.settings");
const volatile struct topology topology SEC(".rodata.topology");

struct {
  __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
  __uint(max_entries, STAT_COUNT);
  __type(key, __u32);
  __type(value, __u64);
} statistics SEC(".maps");

static __always_inline void count(__u32 statistic, __u64 by) {
  __u64* value = bpf_map_lookup_elem(&statistics, &statistic);

  if (value) *value += by;
}

/* The queues: an id is a kind, and the number of an LLC, a CPU or a cgroup's slot. */
enum queue {
  QUEUE_NONE,
  QUEUE_LLC,
  QUEUE_SLOW_LLC, /* ordered by the time when a task is due */
  QUEUE_LANE,     /* of the tasks that may run on one CPU only */
  QUEUE_SLOW_LANE,
  QUEUE_HOLD, /* of a cgroup that has reached its cpu.max */
};

static __always_inline __u64 queue_id(enum queue kind, __u32 number) {
  return ((__u64)kind << 32) | number;
}

/* Of a task, in task storage. Changed with the task's runqueue locked, or its pi_lock while it
 * wakes up. */
struct entity {
  __u64 vtime, key, weight, slice_ns;
  __u64 charged_ns;    /* on a CPU: charged until here */
  __u64 slow_left_ns;  /* of a slow task's turn; 0: it is not slow, or has slept */
  __u64 due_ns;        /* slow: when it is to run, whatever its key; else 0 */
  __u64 held_since_ns; /* 0: it is not held */
  __u64 counted;       /* the weight with which it is in a load; 0: it is in none */
  __u64 active_weight; /* with which it is counted in its cgroup; 0: it is not runnable */
  __u64 unbooked_ns;   /* CPU time that its cgroup's book does not have yet */
  __u32 cgroup;        /* slot of its book */
  __u32 llc;           /* `vtime` and `key` are on this LLC's clock, or if */
  __s32 pin;           /* not -1, on that of this CPU's lane */
  __u8 waits_in;       /* enum queue */
  bool hinted;         /* hints brought the turn, or a part of it */
  bool ahead;          /* counted in its LLC's `hinted` */
  bool in_pause;       /* at the last look */
  bool inherits;       /* it is a thread of the runtime's pool */

  /* For the feedback. */
  __u64 waits_ns; /* runnable without a CPU: since when */
  __u64 run_delay_ns, gc_run_delay_ns, on_cpu_ns, granted_ns, throttled_ns;
  __u64 summed_granted_ns, summed_throttled_ns; /* what its process's sums have of these */
  __u32 preempted, gc_preempted, refused, summed_refused;

  /* Of a group leader: its process's sums, and the most urgent that its threads have hinted. */
  __u64 process_granted_ns, process_throttled_ns;
  __u32 process_refused, pool_urgency;
  __u64 pool_urgency_ns, pool_deadline_ns, pool_deadline_seen_ns;

  struct policy_hints hints;
  struct schedhint_group group;
  struct schedhint_known known;
};

struct {
  __uint(type, BPF_MAP_TYPE_TASK_STORAGE);
  __uint(map_flags, BPF_F_NO_PREALLOC);
  __type(key, int);
  __type(value, struct entity);
} entities SEC(".maps");

static __always_inline struct entity* entity_of(struct task_struct* p) {
  return bpf_task_storage_get(&entities, p, 0, 0);
}

/* Of a CPU: the queue of the tasks that may run there only, and the turn that runs there. Changed
 * with the CPU's runqueue locked only, but for kicked_ns. */
struct lane {
  __u64 clock, offset; /* offset: to the LLC's clock */
  __u64 key;           /* of the turn that runs here, on the LLC's clock */
  __u64 turn_ns;       /* when that began; 0: no task of ours runs */
  __u64 kicked_ns;
  struct policy_load load;
  __u32 waiting[2]; /* tasks in its queue and in its slow one, or on the way into or out of them */
} __attribute__((aligned(128)));

struct llc {
  __u64 clock;
  __u64 pace; /* how far the clock has moved while tasks waited; compared between LLCs */
  struct policy_load load;
  __u64 hinted;     /* tasks that run or wait with a hint to go ahead */
  __u32 waiting[2]; /* as those of a lane */
  __u32 looked;
} __attribute__((aligned(128)));

struct lane lanes[MAX_CPUS];
struct llc llcs[MAX_LLCS];

static __always_inline struct lane* lane_at(__s32 cpu) {
  return &lanes[cpu & (MAX_CPUS - 1)];
}
static __always_inline struct llc* llc_at(__u32 llc) {
  return &llcs[llc & (MAX_LLCS - 1)];
}
static __always_inline __u32 llc_of(__s32 cpu) {
  return topology.llc_of[cpu & (MAX_CPUS - 1)];
}
static __always_inline __u64* clock_of(const struct entity* entity) {
  return entity->pin >= 0 ? &lane_at(entity->pin)->clock : &llc_at(entity->llc)->clock;
}
/* The CPU to which it is bound; -1: it may run on several. */
static __always_inline __s32 pin_of(const struct task_struct* p) {
  return p->nr_cpus_allowed == 1 ? scx_bpf_task_cpu(p) : -1;
}
static __always_inline bool is_for_kernel(const struct task_struct* p) {
  return (p->flags & PF_KTHREAD) && p->nr_cpus_allowed == 1;
}

static __always_inline void count_waiting(const struct entity* entity, enum queue kind, __s32 by) {
  bool slow = kind == QUEUE_SLOW_LLC || kind == QUEUE_SLOW_LANE;

  if (kind == QUEUE_LLC || kind == QUEUE_SLOW_LLC)
    __sync_fetch_and_add(&llc_at(entity->llc)->waiting[slow], by);
  else if (kind != QUEUE_NONE)
    lane_at(entity->pin)->waiting[slow] += by;
}

/* Notes in which queue a task waits, before it is put there and after it has left. */
static __always_inline void note_queue(struct entity* entity, enum queue kind) {
  if (entity->waits_in == kind) return;
  count_waiting(entity, entity->waits_in, -1);
  count_waiting(entity, kind, 1);
  entity->waits_in = kind;
}

#endif /* STATE_BPF_H */
