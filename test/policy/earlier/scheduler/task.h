/* SPDX-License-Identifier: MIT OR BSD-2-Clause OR GPL-2.0 */
/* What the scheduler knows of a task. The block says what the task hints; this is the truth. */
#ifndef TASK_H
#define TASK_H

/* Where a thread's task local data has its hints: tld.h. */
enum { TLD_URGENCY, TLD_BATCH, TLD_SLICE_US, TLD_DEADLINE_NS, TLD_GC, TLD_HINTS };
struct tld_places {
  __u32 looked;        /* names compared */
  __u32 end;           /* of the last one's value */
  __u32 at[TLD_HINTS]; /* plus 1; 0: there is none */
};

struct task {
  __u64 account;            /* key of `accounts`; 0: a thread of the kernel's */
  __u64 time;               /* virtual */
  __u64 repaid_ns;          /* charged besides, since it was last runnable again */
  __u64 repaid_orphaned_ns; /* of which what was left to its cgroup */
  __u64 charged_ns;         /* on a CPU: charged up to here */
  __u64 turn_ns;            /* on a CPU: since when */
  __u64 waits_ns;           /* runnable: since when; 0: it is not, or it has a CPU */
  __u64 run_delay_ns;
  __u64 gc_run_delay_ns;
  __u64 on_cpu_ns;
  __u64 granted_ns; /* on a CPU that others waited for, in turns that were had by a hint */
  __u32 preempted;
  __u32 gc_preempted;
  __u32 refused; /* times that a hint was not followed, for what is owed */
  __u32 queued;  /* the queue that it is in */
  __u8 in_gc;    /* itself, at the last look */
  __u8 ahead;    /* this turn was had by a hint: charged as a loan, to its end */
  __u8 extended; /* its slice was, so its end is not the turn's */
  __u8 runnable;
  __u8 inherits; /* its group is its process's: it is a thread of the runtime's pool */
  struct schedhint_group group; /* the last good one */
  struct schedhint_known known;
  struct tld_places tld;
};

struct {
  __uint(type, BPF_MAP_TYPE_TASK_STORAGE);
  __uint(map_flags, BPF_F_NO_PREALLOC);
  __type(key, int);
  __type(value, struct task);
} tasks SEC(".maps");

static __always_inline struct task* task_of(struct task_struct* p) {
  return bpf_task_storage_get(&tasks, p, 0, 0);
}

#endif /* TASK_H */
