/* SPDX-License-Identifier: MIT OR BSD-2-Clause OR GPL-2.0-only */
/*
 * The memory that a thread of a language runtime shares with a BPF scheduler:
 * ABI 1.
 *
 * This file is the original of the layout. It needs nothing but the __u16,
 * __u32 and __u64 types: <linux/types.h> in C, vmlinux.h in BPF. BPF programs
 * include schedhint.bpf.h, which includes this file. abi.md says who writes and
 * who reads each field, and why.
 *
 * Native byte order, 64-bit Linux. Every field is stored whole and aligned.
 * Programs read and write blocks with plain loads and stores: no atomic
 * operation and no load-acquire on a block, because its address is the
 * client's word (see abi.md).
 *
 * Growth: abi stays 1 while new fields take bytes that are reserved here, and
 * new structs get pointers behind the last in the map's value. Reserved bytes
 * are 0, and 0 always means "no opinion". The structs keep their size: a thread
 * that has attached cannot get a larger block while it runs. An incompatible
 * layout gets another abi and another default pin.
 */
#ifndef SCHEDHINT_H
#define SCHEDHINT_H

#if !defined(__VMLINUX_H__) && !defined(SCHEDHINT_HAVE_TYPES)
#include <linux/types.h>
#endif

/*
 * In the value of a BPF_MAP_TYPE_TASK_STORAGE map this tag makes a pointer one
 * to pinned user memory (Linux 6.13). clang before 15 drops the tag without a
 * word; use 16, the oldest that is tested, or a newer one.
 */
#ifndef __uptr
#if defined(__bpf__)
#define __uptr __attribute__((btf_type_tag("uptr")))
#else
#define __uptr
#endif
#endif

#define SCHEDHINT_ABI	      1
#define SCHEDHINT_DEFAULT_PIN "/sys/fs/bpf/schedhint"

/* schedhint_thread.runtime, schedhint_process.runtime; 0x8000 and above: private use */
enum schedhint_runtime {
	SCHEDHINT_RUNTIME_NONE = 0,
	SCHEDHINT_RUNTIME_V8 = 1,
	SCHEDHINT_RUNTIME_CPYTHON = 2,
	SCHEDHINT_RUNTIME_JVM = 3,
	SCHEDHINT_RUNTIME_GO = 4,
	SCHEDHINT_RUNTIME_DOTNET = 5,
	SCHEDHINT_RUNTIME_RUBY = 6,
	SCHEDHINT_RUNTIME_PRIVATE = 0x8000,
};

/* schedhint_thread.role */
enum schedhint_role {
	SCHEDHINT_ROLE_NONE = 0,
	SCHEDHINT_ROLE_MAIN = 1,   /* the thread that the program starts in */
	SCHEDHINT_ROLE_WORKER = 2, /* runs the application's code */
	SCHEDHINT_ROLE_HELPER = 3, /* runs the runtime's own work */
};

/* schedhint_thread.phase */
enum schedhint_phase {
	SCHEDHINT_PHASE_NONE = 0,
	SCHEDHINT_PHASE_STARTING = 1,
	SCHEDHINT_PHASE_SERVING = 2,
	SCHEDHINT_PHASE_DRAINING = 3,
};

/*
 * schedhint_thread.gc. Bits 0-7: the kinds of pause in progress; the thread runs
 * no application code while one of them is set. Bits 8-15: what is under way
 * between pauses. Bits 16-31: the runtime's own kinds of the pauses in progress
 * (V8: GCType << 16), for people to read.
 */
enum schedhint_gc {
	SCHEDHINT_GC_MINOR = 0x01, /* of the young generation */
	SCHEDHINT_GC_MAJOR = 0x02, /* of the whole heap */
	SCHEDHINT_GC_OTHER = 0x04,
	SCHEDHINT_GC_PAUSED = 0xff, /* mask */
	SCHEDHINT_GC_CYCLE = 0x100, /* a concurrent collection is under way */
};
#define SCHEDHINT_GC_RUNTIME_SHIFT 16

/* schedhint_thread.hints */
enum schedhint_hint {
	/* Throughput matters, latency does not. Wins over urgency. */
	SCHEDHINT_BATCH = 1,
};

/* schedhint_thread.urgency: 1..1024, higher is more urgent. 0 counts as NORMAL. */
enum schedhint_urgency {
	SCHEDHINT_URGENCY_NONE = 0, /* no opinion */
	SCHEDHINT_URGENCY_LOWEST = 1,
	SCHEDHINT_URGENCY_LOW = 256,
	SCHEDHINT_URGENCY_NORMAL = 512,
	SCHEDHINT_URGENCY_HIGH = 768,
	SCHEDHINT_URGENCY_CRITICAL = 1024,
};

/* schedhint_thread.flags: where the gc fields come from */
enum schedhint_flag {
	SCHEDHINT_F_GC_LIVE = 1,  /* gc is set and cleared inside the pauses */
	SCHEDHINT_F_GC_AFTER = 2, /* only gc_count and gc_expect_us, after the fact */
};

/* schedhint_thread.reader_flags: what the reader acts on */
enum schedhint_reader_flag {
	SCHEDHINT_R_OBSERVES = 1, /* counts and publishes, schedules nothing */
	SCHEDHINT_R_GC = 2,
	SCHEDHINT_R_URGENCY = 4,
	SCHEDHINT_R_DEADLINE = 8,
	SCHEDHINT_R_SLICE = 16,
	SCHEDHINT_R_HELPERS = 32,
	SCHEDHINT_R_BATCH = 64,
};

/* schedhint_process.flags */
enum schedhint_process_flag {
	/* The collector's helper threads have elements, {NULL, process}; no other thread helps. */
	SCHEDHINT_P_HELPERS_BOUND = 1,
	/*
	 * This block is the pool's, a second one of the process: threads whose
	 * element is {NULL, this} do work that the process's threads wait for, and
	 * none of the collector's. Its counts are 0.
	 */
	SCHEDHINT_P_HELPERS_INHERIT = 2,
};

/*
 * One for each thread that runs application code. All times are nanoseconds of
 * CLOCK_MONOTONIC in the initial time namespace: the clock of bpf_ktime_get_ns().
 *
 * The thread writes the first two cache lines, the reader (a scheduler, or an
 * observer) the last two.
 */
struct schedhint_thread {
	/* Line 0: all that a reader needs at a scheduling event. */
	__u32 abi;	    /* SCHEDHINT_ABI. 0: empty; another: ignore. Stored last. */
	__u32 seq;	    /* odd while a group ([urgency, deadline_ns], user) is written */
	__u32 gc;	    /* enum schedhint_gc */
	__u32 gc_count;	    /* outermost pauses that have ended, modulo 2^32 */
	__u64 gc_since_ns;  /* start of the outermost pause, of the last one while none is */
	__u32 urgency;	    /* enum schedhint_urgency, or a value between */
	__u32 hints;	    /* enum schedhint_hint */
	__u32 slice_us;	    /* time slice wished for; 0: no opinion */
	__u32 runtime_us;   /* CPU time still needed before deadline_ns; 0: not known */
	__u64 deadline_ns;  /* 0: none. In the past: worth nothing */
	__u32 gc_expect_us; /* how long pauses of this kind have lately taken; 0: not known */
	__u32 hot0;
	__u64 hot1;

	/* Line 1: seldom written, and read by observers. */
	__u64 user;	 /* the application's */
	__u64 attach_ns; /* when the thread attached */
	__u16 runtime;	 /* enum schedhint_runtime */
	__u16 role;	 /* enum schedhint_role */
	__u16 phase;	 /* enum schedhint_phase */
	__u16 cold0;
	__u32 flags; /* enum schedhint_flag */
	__u32 cold1;
	__u64 cold2[4];

	/*
	 * Line 2: the reader's, at each event. A client can forge it, so readers
	 * never read it back, but for reader_id and reader_seen_ns.
	 */
	__u32 reader_abi;      /* SCHEDHINT_ABI; 0: no reader yet */
	__u32 reader_id;       /* which reader owns lines 2 and 3; random, not 0 */
	__u32 reader_flags;    /* enum schedhint_reader_flag */
	__u32 preempted;       /* involuntary switches; cumulative, as all that follow */
	__u64 reader_seen_ns;  /* when it last looked. Stored last */
	__u64 run_delay_ns;    /* runnable without a CPU */
	__u64 gc_run_delay_ns; /* of which during a pause */
	__u64 on_cpu_ns;
	__u32 gc_preempted; /* involuntary switches during a pause */
	__u32 rhot0;
	__u64 rhot1;

	/* Line 3: the reader's: what the hints brought. */
	__u64 granted_ns;   /* ran earlier or longer than without hints */
	__u64 throttled_ns; /* runnable, and held back for its cgroup's cpu.max */
	__u32 refused;	    /* times that hints were not followed: their budget was used up */
	__u32 rcold0;
	__u64 rcold1[5];
} __attribute__((aligned(256)));

/*
 * One for each process. Every thread's element points to it, and the leader's
 * does as long as any thread is bound.
 */
struct schedhint_process {
	/* Line 0: the process's. */
	__u32 abi;	  /* SCHEDHINT_ABI. 0: empty; another: ignore. Stored last. */
	__u32 gc_threads; /* threads inside a pause: helper threads work for them */
	__u32 bound_threads;
	__u32 flags; /* enum schedhint_process_flag */
	__u64 attach_ns;
	__u16 runtime; /* enum schedhint_runtime */
	__u16 p0;
	__u32 p1;
	__u64 p2[4];

	/* Line 1: the reader's: what the hints brought to the process. */
	__u64 granted_ns;
	__u64 throttled_ns;
	__u32 refused;
	__u32 reader_id;
	__u64 r0[5];
} __attribute__((aligned(128)));

/*
 * The map's value. A client accepts a larger one and leaves what it does not
 * know NULL. It replaces the value whole, so a reader keeps no state in it.
 */
struct schedhint_value {
	struct schedhint_thread __uptr *thread;
	struct schedhint_process __uptr *process;
};

#ifdef __cplusplus
#define SCHEDHINT_ASSERT(condition, what) static_assert(condition, what)
#else
#define SCHEDHINT_ASSERT(condition, what) _Static_assert(condition, what)
#endif
#define SCHEDHINT_AT(type, field, offset) \
	SCHEDHINT_ASSERT(__builtin_offsetof(struct type, field) == (offset), #type "." #field)

SCHEDHINT_ASSERT(sizeof(struct schedhint_thread) == 256, "schedhint_thread");
SCHEDHINT_AT(schedhint_thread, abi, 0);
SCHEDHINT_AT(schedhint_thread, seq, 4);
SCHEDHINT_AT(schedhint_thread, gc, 8);
SCHEDHINT_AT(schedhint_thread, gc_count, 12);
SCHEDHINT_AT(schedhint_thread, gc_since_ns, 16);
SCHEDHINT_AT(schedhint_thread, urgency, 24);
SCHEDHINT_AT(schedhint_thread, hints, 28);
SCHEDHINT_AT(schedhint_thread, slice_us, 32);
SCHEDHINT_AT(schedhint_thread, runtime_us, 36);
SCHEDHINT_AT(schedhint_thread, deadline_ns, 40);
SCHEDHINT_AT(schedhint_thread, gc_expect_us, 48);
SCHEDHINT_AT(schedhint_thread, user, 64);
SCHEDHINT_AT(schedhint_thread, attach_ns, 72);
SCHEDHINT_AT(schedhint_thread, runtime, 80);
SCHEDHINT_AT(schedhint_thread, role, 82);
SCHEDHINT_AT(schedhint_thread, phase, 84);
SCHEDHINT_AT(schedhint_thread, flags, 88);
SCHEDHINT_AT(schedhint_thread, reader_abi, 128);
SCHEDHINT_AT(schedhint_thread, reader_id, 132);
SCHEDHINT_AT(schedhint_thread, reader_flags, 136);
SCHEDHINT_AT(schedhint_thread, preempted, 140);
SCHEDHINT_AT(schedhint_thread, reader_seen_ns, 144);
SCHEDHINT_AT(schedhint_thread, run_delay_ns, 152);
SCHEDHINT_AT(schedhint_thread, gc_run_delay_ns, 160);
SCHEDHINT_AT(schedhint_thread, on_cpu_ns, 168);
SCHEDHINT_AT(schedhint_thread, gc_preempted, 176);
SCHEDHINT_AT(schedhint_thread, granted_ns, 192);
SCHEDHINT_AT(schedhint_thread, throttled_ns, 200);
SCHEDHINT_AT(schedhint_thread, refused, 208);
SCHEDHINT_ASSERT(sizeof(struct schedhint_process) == 128, "schedhint_process");
SCHEDHINT_AT(schedhint_process, abi, 0);
SCHEDHINT_AT(schedhint_process, gc_threads, 4);
SCHEDHINT_AT(schedhint_process, bound_threads, 8);
SCHEDHINT_AT(schedhint_process, flags, 12);
SCHEDHINT_AT(schedhint_process, attach_ns, 16);
SCHEDHINT_AT(schedhint_process, runtime, 24);
SCHEDHINT_AT(schedhint_process, granted_ns, 64);
SCHEDHINT_AT(schedhint_process, throttled_ns, 72);
SCHEDHINT_AT(schedhint_process, refused, 80);
SCHEDHINT_AT(schedhint_process, reader_id, 84);
SCHEDHINT_ASSERT(sizeof(struct schedhint_value) == 16, "schedhint_value");

#endif /* SCHEDHINT_H */
