/* SPDX-License-Identifier: MIT OR BSD-2-Clause OR GPL-2.0 */
/* Taking a CPU from a task that is less in a hurry. */
#ifndef PREEMPT_H
#define PREEMPT_H

#include "hints.h"

/* What runs on each CPU: which one may be taken. */
struct cpu_state {
  __u32 class; /* 0: no task of ours */
  __u32 reserved;
  __u64 order;
};

struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(max_entries, MAX_CPUS);
  __type(key, __u32);
  __type(value, struct cpu_state);
} cpu_states SEC(".maps");

static __always_inline void note_cpu(__s32 cpu, __u32 class, __u64 order) {
  __u32 key = cpu;
  struct cpu_state* state = bpf_map_lookup_elem(&cpu_states, &key);

  if (!state) return;
  state->order = order;
  state->class = class;
}

/* Is the first, on a CPU, less in a hurry than the second? Within a class only those that hinted at
 * an order take a CPU from others. */
static __always_inline bool gives_way(const struct cpu_state* runs, __u32 class, __u64 order,
                                      bool ordered) {
  if (runs->class != class) return runs->class < class;
  return class == FAIR && ordered && before(order, runs->order);
}

/* Takes the CPU of the task that is least in a hurry, if that is less than this task. */
static __always_inline void take_cpu(struct task_struct* p, __u32 class, __u64 order,
                                     bool ordered) {
  struct cpu_state *state, *chosen = 0;
  struct bpf_iter_num cpus;
  __u32 cpu, chosen_cpu = 0;
  int* next;

  bpf_iter_num_new(&cpus, 0, topology.cpus);
  while ((next = bpf_iter_num_next(&cpus))) {
    cpu = *next;
    if (!bpf_cpumask_test_cpu(cpu, p->cpus_ptr)) continue;
    state = bpf_map_lookup_elem(&cpu_states, &cpu);
    if (!state || !state->class || !gives_way(state, class, order, ordered)) continue;
    if (chosen && (state->class > chosen->class ||
                   (state->class == chosen->class && !before(chosen->order, state->order))))
      continue;
    chosen = state;
    chosen_cpu = cpu;
  }
  bpf_iter_num_destroy(&cpus);
  if (!chosen) return;
  chosen->class = class; /* the next one that wakes up takes another */
  chosen->order = order;
  scx_bpf_kick_cpu(chosen_cpu, SCX_KICK_PREEMPT);
  count(STAT_kicked, 1);
}

#endif /* PREEMPT_H */
