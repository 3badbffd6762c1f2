/* SPDX-License-Identifier: MIT OR BSD-2-Clause OR GPL-2.0 */
/* What the observer knows of one thread: written by observer.bpf.c, printed by report.c. */
#ifndef RECORD_H
#define RECORD_H

#include <schedhint/schedhint.bpf.h>

/* What the loader sets for the programs before they run. */
struct settings {
  __u64 period_ns; /* the clock's */
  __u32 traced;    /* the process whose events are sent; 0: none */
  __u32 silent;    /* publish no feedback: another reader does */
  __u32 reader_id; /* random, not 0 */
  __u32 reserved;
};

enum observed_kind {
  OBSERVED_HELPER = 1, /* a thread without a block, in a process that has a process block */
  OBSERVED_JS = 2,     /* a thread with a block, or one that had it */
};

enum observed_state {
  OBSERVED_ON_CPU = 1,
  OBSERVED_RUNNABLE = 2, /* ready to run, without a CPU */
  OBSERVED_BLOCKED = 3,
};

struct observed {
  __u32 tid; /* 0: the record is being filled in */
  __u32 tgid;
  char comm[16];
  __u32 kind;
  __u32 exited;
  __u32 state;
  __u32 in_gc;       /* the last event found the thread (of a helper: its process) in a pause */
  __u64 since_ns;    /* on a CPU: counted up to here; off it: when it left */
  __u64 runnable_ns; /* RUNNABLE: since when */
  __u64 switched_in_ns;
  __u64 ticked_ns;    /* the last tick since then; 0: none */
  __u64 run_delay_ns; /* runnable without a CPU */
  __u64 gc_run_delay_ns;
  __u64 on_cpu_ns;
  __u64 gc_on_cpu_ns;  /* by ticks */
  __u64 gc_off_cpu_ns; /* exact */
  __u64 gc_samples;    /* ticks that found it in a pause */
  __u32 preempted;
  __u32 gc_preempted;
  /* the hints, as the kernel read them last */
  __u32 gc; /* enum schedhint_gc */
  __u32 gc_count;
  __u64 gc_since_ns;
  __u32 gc_expect_us;
  __u32 flags;
  __u16 runtime;
  __u16 role;
  __u16 phase;
  __u16 reserved;
  struct schedhint_group group;
  __u64 user;
  struct schedhint_known known;
  __u64 groups_good;
  __u64 groups_kept;
};

#endif /* RECORD_H */
