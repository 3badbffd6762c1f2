/* SPDX-License-Identifier: GPL-2.0-only */
/* What the policy knows of tasks, CPUs, LLCs and cgroups, and which queue is whose. */
#ifndef STATE_H
#define STATE_H

#include <stdbool.h>

#include "../machine/machine.h"
#ifndef __always_inline
#define __always_inline inline __attribute__((always_inline))
#endif
#include "../../../scheduler/policy.h"

#define SLICE_NS (20 * POLICY_MS)

struct entity {
  __u64 vtime, key, weight, slice_ns;
  __u64 charged_ns, turn_ns, held_since_ns, slow_left_ns;
  __u64 counted; /* the weight with which it is in a load; 0: it is in none */
  __u64 due_ns;  /* slow: when it is to run, whatever its key; else 0 */
  int llc;
  bool queued; /* its turn comes out of a queue */
  bool hinted; /* hints brought the turn, or a part of it */
  bool ahead;  /* counted in its LLC's `hinted` */
  bool active; /* counted in its cgroup */
};

struct lane {
  __u64 clock, offset; /* offset: to the LLC's clock */
  __u64 key;           /* of the turn that runs here */
  __u64 kicked_ns;
  struct policy_load load; /* of the tasks that may run here only */
};

struct llc {
  __u64 clock;
  __u64 pace; /* how far the clock has moved while tasks waited; compared between LLCs */
  struct policy_load load;
  __u64 hinted; /* tasks that run or wait with a hint to go ahead */
  int first;
  unsigned looked;
};

struct book {
  __u64 debt_ns, used_ns;
  __u64 active_sum; /* weights of its active tasks and children */
  __u64 active;     /* how many */
  __u64 until;      /* cpu.max: see quota_charge() */
};

extern struct entity entities[SIM_TASKS];
extern struct lane lanes[SIM_CPUS];
extern struct llc llcs[SIM_CPUS];
extern struct book books[SIM_CGROUPS];

static inline int llc_of(int cpu) {
  return cpu / sim.llc_cpus;
}
static inline int llc_queue(int llc) {
  return llc;
}
static inline int lane_queue(int cpu) {
  return SIM_CPUS + cpu;
}
static inline int slow_llc_queue(int llc) {
  return 2 * SIM_CPUS + llc;
}
static inline int slow_lane_queue(int cpu) {
  return 3 * SIM_CPUS + cpu;
}
static inline int hold_queue(int cgroup) {
  return 4 * SIM_CPUS + cgroup;
}
static inline struct entity* entity_of(const struct sim_task* task) {
  return &entities[task->id];
}
static inline struct book* book_of(const struct sim_task* task) {
  return &books[task->cgroup];
}
static inline bool is_pinned(const struct sim_task* task) {
  return task->pin >= 0;
}
static inline bool is_for_kernel(const struct sim_task* task) {
  return task->kthread && is_pinned(task);
}

/* cgroups.c */
__u64 flat_weight(const struct sim_task* task, const struct policy_hints* hints);
void activate(struct sim_task* task, bool is_active);
bool throttled(const struct sim_task* task);
bool throttled_after(const struct sim_task* task, __u64 more_ns);
void charge(struct sim_task* task);
bool buys(const struct sim_task* task);

/* place.c */
struct policy_hints hints_of(const struct sim_task* task);
__u64* clock_of(const struct sim_task* task);
void count_load(struct sim_task* task, int llc, __u64 weight, bool ahead);
void place(struct sim_task* task, int to);
__u64 llc_key(const struct sim_task* task, __u64 key);
void advance_clock(struct sim_task* task);
void defend_turn(struct sim_task* task);

/* dispatch.c */
bool head_key(int llc, int own, __u64* key);
void begin_turn(struct sim_task* task);
void dispatch(int cpu, struct sim_task* previous);

#endif /* STATE_H */
