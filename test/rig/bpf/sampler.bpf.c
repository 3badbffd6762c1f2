// SPDX-License-Identifier: MIT OR BSD-2-Clause OR GPL-2.0
/*
 * A reader for two questions: is the gc word set while the kernel sees a collection, and is a group
 * of fields ever seen half-written? It looks at the threads of one process, on a clock and at every
 * switch, and writes down what it saw for the test to judge.
 *
 * The writer of the test keeps, for a counter k that starts at 1 and grows with each group:
 *
 *   deadline_ns = k    urgency = k % 1024 + 1    user = 3 * k
 *
 * so that any mixture of two groups shows. A block in which all three are 0 was not written yet.
 */
#include "vmlinux.h"
/* The kernel's types come first: everything below uses them. */
#include <bpf/bpf_helpers.h>
#include <schedhint/schedhint.bpf.h>

#define SAMPLES 65536

char LICENSE[] SEC("license") = "Dual BSD/GPL";

SCHEDHINT_MAP(schedhint);

/* The process to look at: its tgid. */
struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(max_entries, 1);
  __type(key, __u32);
  __type(value, __u32);
} control SEC(".maps");

enum source { SAMPLE = 0, SWITCH_OUT = 1, SWITCH_IN = 2 };

struct sample {
  __u64 ns;
  __u32 tid;
  __u32 gc;            /* the thread's own pauses; 0 if it has no block */
  __u32 in_process_gc; /* it, or its process, is in a pause */
  __u32 source;        /* enum source */
};

/* The first SAMPLES that were seen, in order of their numbers; sample_count says how many were. */
struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(max_entries, SAMPLES);
  __type(key, __u32);
  __type(value, struct sample);
} samples SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(max_entries, 1);
  __type(key, __u32);
  __type(value, __u64);
} sample_count SEC(".maps");

struct task_counts {
  __u64 on_cpu_ns;         /* 0  whole stays on a CPU, from switch-in to switch-out */
  __u64 samples;           /* 8  by the clock; of a thread with a block */
  __u64 gc_samples;        /* 16 of which with gc set */
  __u64 helper_samples;    /* 24 by the clock; of a thread without a block */
  __u64 helper_gc_samples; /* 32 of which with a pause in its process */
  __u64 groups_good;       /* 40 at every look, clock or switch */
  __u64 groups_kept;       /* 48 seq was odd, or changed while the fields were copied */
  __u64 mixed;             /* 56 good ones that break the writer's rule */
  __u64 gc_in_group;       /* 64 gc was set while seq was odd */
  __u64 on_since_ns;       /* 72 */
  struct schedhint_group last;
  __u64 last_user;
};

/* By tid: a test's threads are few and watched by it, so reuse is its own affair. */
struct {
  __uint(type, BPF_MAP_TYPE_HASH);
  __uint(max_entries, 4096);
  __type(key, __u32);
  __type(value, struct task_counts);
} tasks SEC(".maps");

static struct task_counts blank;

static __always_inline void write_down(struct task_struct* task, __u64 now, __u32 gc,
                                       __u32 in_process_gc, __u32 source) {
  __u32 only = 0, index;
  __u64 *count = bpf_map_lookup_elem(&sample_count, &only), number;
  struct sample* sample;

  if (!count) return;
  number = __sync_fetch_and_add(count, 1);
  if (number >= SAMPLES) return;
  index = number;
  sample = bpf_map_lookup_elem(&samples, &index);
  if (!sample) return;
  sample->ns = now;
  sample->tid = task->pid;
  sample->gc = gc;
  sample->in_process_gc = in_process_gc;
  sample->source = source;
}

static __always_inline void judge_group(struct task_counts* counts, struct schedhint_ctx* hints) {
  struct schedhint_group* last = &counts->last;

  if (!schedhint_read_group_and_user(hints, last, &counts->last_user)) {
    counts->groups_kept++;
    return;
  }
  counts->groups_good++;
  if (!last->deadline_ns && !last->urgency && !counts->last_user) return;
  if (last->urgency != last->deadline_ns % 1024 + 1 || counts->last_user != last->deadline_ns * 3)
    counts->mixed++;
}

static __always_inline void look(struct task_struct* task, __u32 source) {
  __u32 only = 0, tid = task->pid, gc = 0, in_process_gc;
  __u32* wanted = bpf_map_lookup_elem(&control, &only);
  __u64 now = bpf_ktime_get_ns();
  struct schedhint_ctx hints = {.now = now};
  struct task_counts* counts;

  if (!wanted || !*wanted || (__u32)task->tgid != *wanted) return;
  counts = bpf_map_lookup_elem(&tasks, &tid);
  if (!counts) {
    bpf_map_update_elem(&tasks, &tid, &blank, BPF_NOEXIST);
    counts = bpf_map_lookup_elem(&tasks, &tid);
    if (!counts) return;
  }
  if (source == SWITCH_IN) counts->on_since_ns = now;
  if (source == SWITCH_OUT && counts->on_since_ns) {
    counts->on_cpu_ns += now - counts->on_since_ns;
    counts->on_since_ns = 0;
  }

  schedhint_lookup(&schedhint, task, &hints);
  in_process_gc = schedhint_process_in_gc(&hints);
  if (hints.thread) {
    gc = schedhint_gc(&hints) & SCHEDHINT_GC_PAUSED;
    /* Before a writer that was interrupted can go on: no one else writes this thread's seq. */
    if (gc && (SCHEDHINT_READ(hints.thread->seq) & 1)) counts->gc_in_group++;
    judge_group(counts, &hints);
  }
  if (source == SAMPLE) {
    if (hints.thread) {
      counts->samples++;
      if (gc) counts->gc_samples++;
    } else {
      counts->helper_samples++;
      if (in_process_gc) counts->helper_gc_samples++;
    }
  }
  write_down(task, now, gc, in_process_gc, source);
}

SEC("tp_btf/sched_switch")
int look_at_switch(__u64* ctx) {
  look((struct task_struct*)ctx[1], SWITCH_OUT);
  look((struct task_struct*)ctx[2], SWITCH_IN);
  return 0;
}

SEC("perf_event")
int look_at_tick(void* ctx) {
  look(bpf_get_current_task_btf(), SAMPLE);
  return 0;
}
