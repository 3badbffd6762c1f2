// SPDX-License-Identifier: MIT OR BSD-2-Clause OR GPL-2.0
/*
 * Writes down each change of one thread's state: on a CPU, ready, throttled, asleep, stopped. It
 * judges what schedhint reports of stalls, and has nothing in common with it.
 */
#include "vmlinux.h"
/* The kernel's types come first: everything below uses them. */
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>

#define CHANGES 131072

/* Of the kernel's task states. */
#define TASK_INTERRUPTIBLE 1
#define TASK_UNINTERRUPTIBLE 2
#define TASK_STOPPED_TRACED_OR_FROZEN (4 | 8 | 0x8000)

char LICENSE[] SEC("license") = "Dual BSD/GPL";

enum state { ON_CPU = 1, READY, THROTTLED, ASLEEP, STOPPED };

/* The thread, by its tid; 0: none. */
struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(max_entries, 1);
  __type(key, __u32);
  __type(value, __u32);
} watched SEC(".maps");

struct change {
  __u64 ns;     /* CLOCK_MONOTONIC */
  __u64 ran_ns; /* its CPU time: what a hypervisor took meanwhile is not in it */
  __u32 state;  /* from now on */
  __u32 __pad;
};

/* The first CHANGES; change_count says how many there were. */
struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(max_entries, CHANGES);
  __type(key, __u32);
  __type(value, struct change);
} changes SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(max_entries, 1);
  __type(key, __u32);
  __type(value, __u64);
} change_count SEC(".maps");

static __u32 last_state;

static __always_inline bool is_watched(struct task_struct* task) {
  __u32 only = 0, *tid = bpf_map_lookup_elem(&watched, &only);

  return tid && *tid && (__u32)task->pid == *tid;
}

static __always_inline void write_down(struct task_struct* task, __u32 state) {
  __u32 only = 0, index;
  __u64* count = bpf_map_lookup_elem(&change_count, &only);
  struct change* change;

  last_state = state;
  if (!count) return;
  index = __sync_fetch_and_add(count, 1);
  change = bpf_map_lookup_elem(&changes, &index);
  if (!change) return;
  change->ns = bpf_ktime_get_ns();
  change->ran_ns = task->se.sum_exec_runtime;
  change->state = state;
}

/* Of a thread that has lost its CPU and could go on. It counts as throttled until it runs again. */
static __always_inline bool is_throttled(struct task_struct* task) {
  if (bpf_core_field_exists(task->throttled)) return task->throttled;
  if (bpf_core_field_exists(task->se.cfs_rq)) return task->se.cfs_rq->throttle_count > 0;
  return false;
}

/* (bool preempt, struct task_struct* prev, struct task_struct* next, unsigned int prev_state) */
SEC("tp_btf/sched_switch")
int note_switch(__u64* args) {
  bool preempt = args[0];
  struct task_struct *prev = (struct task_struct*)args[1], *next = (struct task_struct*)args[2];
  __u32 state = args[3];

  if (is_watched(next)) write_down(next, ON_CPU);
  if (!is_watched(prev)) return 0;
  if (!preempt && (state & TASK_STOPPED_TRACED_OR_FROZEN))
    write_down(prev, STOPPED);
  else if (!preempt && (state & (TASK_INTERRUPTIBLE | TASK_UNINTERRUPTIBLE)))
    write_down(prev, ASLEEP);
  else
    write_down(prev, is_throttled(prev) ? THROTTLED : READY);
  return 0;
}

/* (struct task_struct* task): a thread that has not slept yet is woken too. */
SEC("tp_btf/sched_wakeup")
int note_wakeup(__u64* args) {
  struct task_struct* task = (struct task_struct*)args[0];

  if (is_watched(task) && (last_state == ASLEEP || last_state == STOPPED)) write_down(task, READY);
  return 0;
}
