/* SPDX-License-Identifier: MIT OR BSD-2-Clause OR GPL-2.0 */
/*
 * The memory that a thread of a Node.js process shares with a BPF scheduler: ABI 1.
 *
 * This file is the one home of the layout. It needs nothing but the __u16/__u32/__u64 types, from
 * <linux/types.h> in C and from vmlinux.h in BPF. BPF code includes schedhint.bpf.h, which includes
 * this. docs/abi.md says who writes and who reads each field, and why.
 *
 * Byte order and alignment are the machine's. Sizes, offsets and meanings are frozen for ABI 1: it
 * grows only by appending pointers to the map's value and by giving meaning to bits and reserved
 * fields, which a reader that does not know them may ignore.
 */
#ifndef SCHEDHINT_H
#define SCHEDHINT_H

#if !defined(__VMLINUX_H__) && !defined(SCHEDHINT_HAVE_TYPES)
#include <linux/types.h>
#endif

/* In the value of a BPF_MAP_TYPE_TASK_STORAGE map this tag makes a pointer one to pinned user
 * memory (Linux 6.13). clang before 15 drops the tag without a word; use 16, the oldest that is
 * tested, or a newer one. */
#ifndef __uptr
#if defined(__bpf__)
#define __uptr __attribute__((btf_type_tag("uptr")))
#else
#define __uptr
#endif
#endif

#define SCHEDHINT_ABI 1
#define SCHEDHINT_DEFAULT_PIN "/sys/fs/bpf/schedhint"

enum schedhint_role {
  SCHEDHINT_ROLE_NONE = 0,
  SCHEDHINT_ROLE_MAIN = 1,   /* the process's main JavaScript thread */
  SCHEDHINT_ROLE_WORKER = 2, /* a worker_threads thread */
};

enum schedhint_phase {
  SCHEDHINT_PHASE_NONE = 0,
  SCHEDHINT_PHASE_STARTING = 1,
  SCHEDHINT_PHASE_SERVING = 2,
  SCHEDHINT_PHASE_DRAINING = 3,
};

/* Bits of schedhint_thread.gc: V8's GCType values, one for each kind of pause in progress. */
enum schedhint_gc {
  SCHEDHINT_GC_SCAVENGE = 1,
  SCHEDHINT_GC_MINOR_MARK_SWEEP = 2,
  SCHEDHINT_GC_MARK_COMPACT = 4,
  SCHEDHINT_GC_INCREMENTAL_START = 8,
  SCHEDHINT_GC_WEAK_CALLBACKS = 16,
};

/* Bits of schedhint_thread.flags. */
enum schedhint_flag {
  SCHEDHINT_F_GC_LIVE = 1,  /* gc is set and cleared inside V8's pauses */
  SCHEDHINT_F_GC_AFTER = 2, /* only gc_count and gc_expect_ns are kept, after the fact */
  SCHEDHINT_F_GC_CYCLE = 4, /* a major collection is under way between its pauses */
};

/* Bits of schedhint_thread.reader_flags: what the reader acts on. */
enum schedhint_reader_flag {
  SCHEDHINT_R_OBSERVES = 1, /* counts and publishes, schedules nothing */
  SCHEDHINT_R_GC = 2,
  SCHEDHINT_R_URGENCY = 4,
  SCHEDHINT_R_DEADLINE = 8,
  SCHEDHINT_R_SLICE = 16,
  SCHEDHINT_R_HELPERS = 32,
};

#define SCHEDHINT_URGENCY_MAX 1024

/*
 * One for each JavaScript thread. The first 64 bytes are written by the thread and the last 64 by
 * the reader, so that each side has cache lines of its own.
 */
struct schedhint_thread {
  __u32 abi;          /* SCHEDHINT_ABI; 0 = nothing here, ignore the block */
  __u16 role;         /* enum schedhint_role */
  __u16 phase;        /* enum schedhint_phase */
  __u32 gc;           /* enum schedhint_gc, pauses in progress; 0 = not in a pause */
  __u32 gc_count;     /* outermost pauses ended */
  __u64 gc_since_ns;  /* start of the outermost pause; of the last one while gc is 0 */
  __u64 gc_expect_ns; /* how long pauses of that kind have lately taken; 0 = not known */
  __u32 urgency;      /* 0 = no opinion, 1 = batch .. 1024 = latency critical */
  __u32 slice_us;     /* time slice wished for, microseconds; 0 = no opinion */
  __u64 deadline_ns;  /* 0 = none */
  __u64 user;         /* the application's own */
  __u32 seq;          /* odd while a group of [urgency, user] is being written */
  __u32 flags;        /* enum schedhint_flag */
  /* written by the reader; a client can forge it, so BPF never reads it back */
  __u32 reader_abi;      /* SCHEDHINT_ABI; 0 = nobody has looked at this block yet */
  __u32 reader_flags;    /* enum schedhint_reader_flag */
  __u64 reader_seen_ns;  /* when it last looked */
  __u64 run_delay_ns;    /* runnable without a CPU; cumulative per reader, like all that follow */
  __u64 gc_run_delay_ns; /* of which during a pause */
  __u64 on_cpu_ns;
  __u32 preempted;    /* involuntary switches */
  __u32 gc_preempted; /* of which during a pause */
  __u64 reserved[2];
} __attribute__((aligned(128)));
/* All times are CLOCK_MONOTONIC of the initial time namespace: the clock of bpf_ktime_get_ns(). */

/* One for a process: every thread's element points to it, and so does the leader's, always. */
struct schedhint_process {
  __u32 abi;
  __u32 gc_threads; /* isolates inside a pause now: V8's helper threads work for them */
  __u32 js_threads; /* JavaScript threads bound now */
  __u32 flags;
  __u64 reserved[6];
} __attribute__((aligned(64)));

/* The map's value. A client accepts a larger one and leaves what it does not know NULL; it replaces
 * the value whole, so a scheduler keeps no state in it. Check each pointer for NULL. */
struct schedhint_value {
  struct schedhint_thread __uptr* thread;
  struct schedhint_process __uptr* process;
};

#ifdef __cplusplus
#define SCHEDHINT_ASSERT(condition, what) static_assert(condition, what)
#else
#define SCHEDHINT_ASSERT(condition, what) _Static_assert(condition, what)
#endif
#define SCHEDHINT_AT(type, field, offset) \
  SCHEDHINT_ASSERT(__builtin_offsetof(struct type, field) == (offset), #type "." #field)

SCHEDHINT_ASSERT(sizeof(struct schedhint_thread) == 128, "schedhint_thread");
SCHEDHINT_AT(schedhint_thread, abi, 0);
SCHEDHINT_AT(schedhint_thread, role, 4);
SCHEDHINT_AT(schedhint_thread, phase, 6);
SCHEDHINT_AT(schedhint_thread, gc, 8);
SCHEDHINT_AT(schedhint_thread, gc_count, 12);
SCHEDHINT_AT(schedhint_thread, gc_since_ns, 16);
SCHEDHINT_AT(schedhint_thread, gc_expect_ns, 24);
SCHEDHINT_AT(schedhint_thread, urgency, 32);
SCHEDHINT_AT(schedhint_thread, slice_us, 36);
SCHEDHINT_AT(schedhint_thread, deadline_ns, 40);
SCHEDHINT_AT(schedhint_thread, user, 48);
SCHEDHINT_AT(schedhint_thread, seq, 56);
SCHEDHINT_AT(schedhint_thread, flags, 60);
SCHEDHINT_AT(schedhint_thread, reader_abi, 64);
SCHEDHINT_AT(schedhint_thread, reader_flags, 68);
SCHEDHINT_AT(schedhint_thread, reader_seen_ns, 72);
SCHEDHINT_AT(schedhint_thread, run_delay_ns, 80);
SCHEDHINT_AT(schedhint_thread, gc_run_delay_ns, 88);
SCHEDHINT_AT(schedhint_thread, on_cpu_ns, 96);
SCHEDHINT_AT(schedhint_thread, preempted, 104);
SCHEDHINT_AT(schedhint_thread, gc_preempted, 108);
SCHEDHINT_AT(schedhint_thread, reserved, 112);
SCHEDHINT_ASSERT(sizeof(struct schedhint_process) == 64, "schedhint_process");
SCHEDHINT_AT(schedhint_process, abi, 0);
SCHEDHINT_AT(schedhint_process, gc_threads, 4);
SCHEDHINT_AT(schedhint_process, js_threads, 8);
SCHEDHINT_AT(schedhint_process, flags, 12);
SCHEDHINT_ASSERT(sizeof(struct schedhint_value) == 16, "schedhint_value");

#endif /* SCHEDHINT_H */
