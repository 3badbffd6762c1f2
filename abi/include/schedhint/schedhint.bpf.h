/* SPDX-License-Identifier: MIT OR BSD-2-Clause OR GPL-2.0-only */
/*
 * Reading schedhint's hints in a BPF program: a sched_ext scheduler, a tracing
 * program, a profiler.
 *
 *	#include "vmlinux.h"
 *	#include <bpf/bpf_helpers.h>
 *	#include <schedhint/schedhint.bpf.h>
 *
 *	SCHEDHINT_MAP(schedhint);
 *
 *	struct schedhint_ctx found = { .now = now, .known = &mine->known };
 *
 *	if (schedhint_lookup(&schedhint, p, &found)) {
 *		if (schedhint_in_pause(&found)) ...   // p is inside a collection
 *		if (schedhint_helps_gc(&found)) ...   // p may be at work for one
 *	}
 *
 * (Inside BPF_PROG() the name ctx is taken.)
 *
 * The loader pins the map where clients look for it (SCHEDHINT_DEFAULT_PIN).
 * Needs Linux 6.13 and clang 16. A generated vmlinux.h has every type that this
 * file uses. Without one, declare before including it: the __u types,
 * BPF_MAP_TYPE_TASK_STORAGE and BPF_F_NO_PREALLOC (<linux/bpf.h> has those),
 * bool, and struct task_struct with the members flags (unsigned int),
 * group_leader and self_exec_id (__u64), marked preserve_access_index.
 *
 * What a program gets here is advice, in memory that its writer can change at
 * any time, also between two loads of one field: copy a field once, bound what
 * you do with it, and charge for it. Never keep state in the map's value, which
 * a client replaces whole.
 *
 * Plain loads and stores only. An atomic operation or a load-acquire on a block
 * can crash the kernel when the block is not aligned, and the address is the
 * client's word. schedhint_lookup() ignores blocks that are not aligned to 64.
 */
#ifndef SCHEDHINT_BPF_H
#define SCHEDHINT_BPF_H

#include "schedhint.h"

/* Hints that are only true together. Keep one for each thread, zeroed at first. */
struct schedhint_group {
	__u64 deadline_ns;
	__u32 urgency;
	__u32 hints;
	__u32 slice_us;
	__u32 runtime_us;
};

/* What a reader reports to a thread: copies of what it keeps in its own maps. */
struct schedhint_feedback {
	__u64 seen_ns; /* bpf_ktime_get_ns() of this look */
	__u64 run_delay_ns;
	__u64 gc_run_delay_ns;
	__u64 on_cpu_ns;
	__u64 granted_ns;
	__u64 throttled_ns;
	__u32 preempted;
	__u32 gc_preempted;
	__u32 refused;
	__u32 flags;	 /* enum schedhint_reader_flag */
	__u32 reader_id; /* random, not 0, the same as long as the reader runs */
	__u32 reserved;
};

/*
 * What the lookup remembers of a task. Keep one in task storage of your own,
 * zeroed at first. It makes a task without hints cost one lookup in 100 ms, and
 * finds blocks that belong to the program before an execve.
 */
struct schedhint_known {
	__u64 skip_until_ns;
	__u64 thread; /* addresses of its blocks */
	__u64 process;
	__u64 attach_ns;
	__u64 exec_id;
};

#if defined(__bpf__) /* a loader in C may include this file for the structs above */

#define SCHEDHINT_SKIP_NS    100000000ULL  /* of a task without hints, to the next lookup */
#define SCHEDHINT_OWNER_NS   2000000000ULL /* a reader that is silent for longer has gone */
#define SCHEDHINT_PAUSE_NS   2000000000ULL /* or 8 times the usual: not a pause any more */
#define SCHEDHINT_PF_KTHREAD 0x00200000	   /* include/linux/sched.h */

/*
 * The map. The kernel asks for the size of what the __uptr members point to, but
 * clang writes only a forward declaration for a struct that is seen through a
 * member; a variable of the pointer type makes it write the whole. The two are
 * never used and cost 16 bytes of .bss.
 */
#define SCHEDHINT_MAP(name)                                                         \
	static struct schedhint_thread *name##_thread_type __attribute__((used));   \
	static struct schedhint_process *name##_process_type __attribute__((used)); \
	struct {                                                                    \
		__uint(type, BPF_MAP_TYPE_TASK_STORAGE);                            \
		__uint(map_flags, BPF_F_NO_PREALLOC);                               \
		__type(key, int);                                                   \
		__type(value, struct schedhint_value);                              \
	} name SEC(".maps")

/* One load or store of the field's width, which clang neither repeats, splits nor caches. */
#define SCHEDHINT_READ(place)	  (*(const volatile __typeof__(place) *)&(place))
#define SCHEDHINT_WRITE(place, v) (*(volatile __typeof__(place) *)&(place) = (v))

/*
 * What a lookup found. `now` and `known` are the caller's, before it: the time
 * (bpf_ktime_get_ns() or scx_bpf_now()), and what is remembered of the task, or
 * NULL. The pointers are good until the program returns.
 */
struct schedhint_ctx {
	struct schedhint_thread *thread; /* NULL: not a thread with hints */
	struct schedhint_process *process;
	struct schedhint_known *known;
	__u64 now;
	__u32 own; /* the task has an element; else `process` is its leader's */
	__u32 reserved;
};

/*
 * Loads before this stay before it, and so do stores. BPF had neither a fence
 * nor a load-acquire until 6.15, but an atomic operation that returns the old
 * value is a full barrier on every machine (on arm64 the JIT makes it a
 * ldaddal). It is done on the stack, never on a block. The first asm makes the
 * place look shared, or clang could compute the sum itself; the second makes the
 * old value used, or clang takes the form that returns none and orders nothing.
 * x86 and s390 order loads with loads and stores with stores: there only clang
 * has to be held back. Build with the usual -D__TARGET_ARCH_...; without it you
 * get the barrier, which is never wrong.
 */
static __always_inline void schedhint_fence(void)
{
#if defined(__TARGET_ARCH_x86) || defined(__TARGET_ARCH_s390)
	asm volatile("" ::: "memory");
#else
	__u64 here = 0, old;

	asm volatile("" ::"r"(&here) : "memory");
	old = __sync_fetch_and_add(&here, 1);
	asm volatile("" ::"r"(old) : "memory");
#endif
}

/*
 * Is the block that an element points to aligned to 64? The verifier allows no
 * arithmetic on the pointer itself, but the helper reads it as a number.
 */
static __always_inline bool schedhint_is_aligned(const void *pointer)
{
	__u64 address;

	return !bpf_probe_read_kernel(&address, sizeof(address), pointer) && !(address & 63);
}

/*
 * The blocks of an element, if they are to be believed: ctx->thread and
 * ctx->process. What `known` has seen already is aligned.
 */
static __always_inline void schedhint_take(struct schedhint_value *value, bool with_thread,
					   struct schedhint_ctx *ctx)
{
	struct schedhint_thread *thread = with_thread ? value->thread : 0;
	struct schedhint_process *process = value->process;
	struct schedhint_known *known = ctx->known;

	if (thread &&
	    ((known && known->thread == (__u64)thread) || schedhint_is_aligned(&value->thread)) &&
	    SCHEDHINT_READ(thread->abi) == SCHEDHINT_ABI)
		ctx->thread = thread;
	if (process &&
	    ((known && known->process == (__u64)process) ||
	     schedhint_is_aligned(&value->process)) &&
	    SCHEDHINT_READ(process->abi) == SCHEDHINT_ABI)
		ctx->process = process;
}

/*
 * After an execve the old program's element stays in the map, and its last hints
 * would stand for the new program. The client says in attach_ns when it
 * attached: while the task's exec id has changed and that has not, the element
 * is the old program's. Looked at only when a block or the exec id has changed.
 * (A reader that starts after the execve cannot tell.)
 */
static __always_inline bool schedhint_is_of_old_program(struct task_struct *p,
							struct schedhint_ctx *ctx)
{
	__u64 thread = (__u64)ctx->thread, process = (__u64)ctx->process;
	__u64 exec_id = p->self_exec_id, attach_ns;
	struct schedhint_known *known = ctx->known;

	if (known->thread == thread && known->process == process && known->exec_id == exec_id)
		return false;
	if (ctx->thread)
		attach_ns = SCHEDHINT_READ(ctx->thread->attach_ns);
	else if (ctx->process)
		attach_ns = SCHEDHINT_READ(ctx->process->attach_ns);
	else
		return false;
	if (known->attach_ns == attach_ns && known->exec_id != exec_id && attach_ns)
		return true;
	known->thread = thread;
	known->process = process;
	known->exec_id = exec_id;
	known->attach_ns = attach_ns;
	return false;
}

/*
 * Finds a task's blocks: false if there is nothing to find. One lookup for a
 * thread with an element; a second one, of the process's leader, for a thread
 * without; none for kernel threads, and none for SCHEDHINT_SKIP_NS after one
 * that found nothing (with ctx->known). So a thread's first hints are seen up to
 * that much later. In a sleepable program call this, and use what it found,
 * between bpf_rcu_read_lock() and bpf_rcu_read_unlock(): the verifier accepts
 * the leader only there.
 */
static __always_inline bool schedhint_lookup(void *map, struct task_struct *p,
					     struct schedhint_ctx *ctx)
{
	struct schedhint_known *known = ctx->known;
	struct schedhint_value *value;
	struct task_struct *leader;

	ctx->thread = 0;
	ctx->process = 0;
	ctx->own = 0;
	if (p->flags & SCHEDHINT_PF_KTHREAD)
		return false;
	if (known && ctx->now < known->skip_until_ns)
		return false;
	value = bpf_task_storage_get(map, p, 0, 0);
	if (value) {
		ctx->own = 1;
		schedhint_take(value, true, ctx);
	} else {
		leader = p->group_leader;
		value = leader ? bpf_task_storage_get(map, leader, 0, 0) : 0;
		if (value)
			schedhint_take(value, false, ctx);
	}
	if (ctx->thread || ctx->process) {
		if (!known || !schedhint_is_of_old_program(p, ctx))
			return true;
		ctx->thread = 0;
		ctx->process = 0;
		return false;
	}
	if (known) {
		known->skip_until_ns = ctx->now + SCHEDHINT_SKIP_NS;
		known->thread = 0;
		known->process = 0;
	}
	return false;
}

/*
 * The gc word, enum schedhint_gc; 0 without a block. Read it before gc_since_ns
 * and gc_expect_us: of a thread that does not run they then belong to the pause
 * that it describes. (On another CPU a new pause may have begun since.)
 */
static __always_inline __u32 schedhint_gc(struct schedhint_ctx *ctx)
{
	__u32 gc;

	if (!ctx->thread)
		return 0;
	gc = SCHEDHINT_READ(ctx->thread->gc);
	schedhint_fence();
	return gc;
}

/*
 * Is the thread itself inside a pause? A pause that lasts for more than 2 s and
 * 8 times as long as usual does not count: the word will not be cleared.
 */
static __always_inline bool schedhint_in_pause(struct schedhint_ctx *ctx)
{
	__u64 since, most;

	if (!(schedhint_gc(ctx) & SCHEDHINT_GC_PAUSED) || !ctx->thread)
		return false;
	since = SCHEDHINT_READ(ctx->thread->gc_since_ns);
	most = SCHEDHINT_READ(ctx->thread->gc_expect_us) * 8000ULL;
	if (most < SCHEDHINT_PAUSE_NS)
		most = SCHEDHINT_PAUSE_NS;
	return ctx->now < since || ctx->now - since <= most;
}

/*
 * Is this a thread without a block, in a process of which a thread is inside a
 * pause? Helper threads do most of a collection's work while the thread with the
 * flag waits for them, so a scheduler that favours only that one shortens
 * little. Where SCHEDHINT_P_HELPERS_BOUND is not set, every thread without a
 * block is taken for a helper, unless it is known to be a pool's: the process's
 * block that such a thread's element leads to counts no pauses.
 */
static __always_inline bool schedhint_helps_gc(struct schedhint_ctx *ctx)
{
	if (ctx->thread || !ctx->process || !SCHEDHINT_READ(ctx->process->gc_threads))
		return false;
	return ctx->own || !(SCHEDHINT_READ(ctx->process->flags) & SCHEDHINT_P_HELPERS_BOUND);
}

/*
 * Is this a thread of the process's pool? What it does, the process's threads
 * have asked for and wait for: it inherits their urgency and their deadlines.
 * Which those are, a reader knows: the most urgent that it has lately read.
 */
static __always_inline bool schedhint_inherits(struct schedhint_ctx *ctx)
{
	return ctx->own && !ctx->thread && ctx->process &&
	       (SCHEDHINT_READ(ctx->process->flags) & SCHEDHINT_P_HELPERS_INHERIT);
}

/* Is the thread inside a pause, or any thread of its process? (Not of a pool's thread.) */
static __always_inline bool schedhint_process_in_gc(struct schedhint_ctx *ctx)
{
	return schedhint_in_pause(ctx) ||
	       (ctx->process && SCHEDHINT_READ(ctx->process->gc_threads) > 0);
}

static __always_inline bool schedhint_read_group_with(struct schedhint_ctx *ctx,
						      struct schedhint_group *last, __u64 *user)
{
	struct schedhint_thread *thread = ctx->thread;
	__u32 seq, urgency, hints, slice_us, runtime_us;
	__u64 deadline_ns, its_user = 0;

	if (!thread)
		return false;
	seq = SCHEDHINT_READ(thread->seq);
	if (seq & 1)
		return false;
	schedhint_fence(); /* no field is read before seq was */
	urgency = SCHEDHINT_READ(thread->urgency);
	hints = SCHEDHINT_READ(thread->hints);
	slice_us = SCHEDHINT_READ(thread->slice_us);
	runtime_us = SCHEDHINT_READ(thread->runtime_us);
	deadline_ns = SCHEDHINT_READ(thread->deadline_ns);
	if (user)
		its_user = SCHEDHINT_READ(thread->user);
	schedhint_fence(); /* and seq is read again only after all of them */
	if (SCHEDHINT_READ(thread->seq) != seq)
		return false;

	last->deadline_ns = deadline_ns;
	last->urgency = urgency;
	last->hints = hints;
	last->slice_us = slice_us;
	last->runtime_us = runtime_us;
	if (user)
		*user = its_user;
	return true;
}

/*
 * Refreshes `last` with the thread's hints if they can be read as one group:
 * true. False: a write was under way, and `last` keeps the values of the last
 * good time. It does not try again: a writer that lost its CPU halfway, the usual
 * reason, does not go on before the scheduler has decided. Reads line 0 only.
 */
static __always_inline bool schedhint_read_group(struct schedhint_ctx *ctx,
						 struct schedhint_group *last)
{
	return schedhint_read_group_with(ctx, last, 0);
}

/* The same with the application's `user`, which is in line 1. */
static __always_inline bool schedhint_read_group_and_user(struct schedhint_ctx *ctx,
							  struct schedhint_group *last, __u64 *user)
{
	return schedhint_read_group_with(ctx, last, user);
}

/* 1..1024; a thread without an opinion is NORMAL. Means nothing if it is batch. */
static __always_inline __u32 schedhint_urgency(const struct schedhint_group *group)
{
	if (!group->urgency)
		return SCHEDHINT_URGENCY_NORMAL;
	return group->urgency < SCHEDHINT_URGENCY_CRITICAL ? group->urgency
							   : SCHEDHINT_URGENCY_CRITICAL;
}

static __always_inline bool schedhint_is_batch(const struct schedhint_group *group)
{
	return group->hints & SCHEDHINT_BATCH;
}

/*
 * How long until the thread has to start to meet its deadline, at least 0.
 * False: it has none, or it is past, which is worth nothing.
 */
static __always_inline bool schedhint_slack(const struct schedhint_group *group, __u64 now,
					    __u64 *slack_ns)
{
	__u64 needs = group->runtime_us * 1000ULL, left;

	if (group->deadline_ns <= now)
		return false;
	left = group->deadline_ns - now;
	*slack_ns = left > needs ? left - needs : 0;
	return true;
}

/*
 * Publishes the feedback of a thread: false if another reader owns its lines,
 * or may until the next call. Call it from one place at a time for a thread: its
 * switch-in and switch-out, which the kernel orders. Publish at least each time
 * that the thread leaves its CPU.
 *
 * An owner that is silent for SCHEDHINT_OWNER_NS has gone. A new one stores its
 * id and publishes from the next call on: of two that do so at the same moment
 * the later stays. Every field is stored whole, and reader_seen_ns last.
 */
static __always_inline bool schedhint_publish(struct schedhint_ctx *ctx,
					      const struct schedhint_feedback *feedback)
{
	struct schedhint_thread *thread = ctx->thread;
	__u32 owner;
	__u64 seen;

	if (!thread)
		return false;
	owner = SCHEDHINT_READ(thread->reader_id);
	if (owner != feedback->reader_id) {
		seen = SCHEDHINT_READ(thread->reader_seen_ns);
		if (!owner || ctx->now < seen || ctx->now - seen > SCHEDHINT_OWNER_NS)
			SCHEDHINT_WRITE(thread->reader_id, feedback->reader_id);
		return false;
	}
	SCHEDHINT_WRITE(thread->reader_flags, feedback->flags);
	SCHEDHINT_WRITE(thread->preempted, feedback->preempted);
	SCHEDHINT_WRITE(thread->run_delay_ns, feedback->run_delay_ns);
	SCHEDHINT_WRITE(thread->gc_run_delay_ns, feedback->gc_run_delay_ns);
	SCHEDHINT_WRITE(thread->on_cpu_ns, feedback->on_cpu_ns);
	SCHEDHINT_WRITE(thread->gc_preempted, feedback->gc_preempted);
	/* Line 3 is dirtied only for something to tell. */
	if (feedback->granted_ns || feedback->throttled_ns || feedback->refused) {
		SCHEDHINT_WRITE(thread->granted_ns, feedback->granted_ns);
		SCHEDHINT_WRITE(thread->throttled_ns, feedback->throttled_ns);
		SCHEDHINT_WRITE(thread->refused, feedback->refused);
	}
	SCHEDHINT_WRITE(thread->reader_abi, SCHEDHINT_ABI);
	schedhint_fence();
	SCHEDHINT_WRITE(thread->reader_seen_ns, feedback->seen_ns);
	return true;
}

/* What the hints brought to the whole process. After a schedhint_publish() that was true. */
static __always_inline void schedhint_publish_process(struct schedhint_ctx *ctx, __u32 reader_id,
						      __u64 granted_ns, __u64 throttled_ns,
						      __u32 refused)
{
	struct schedhint_process *process = ctx->process;

	if (!process)
		return;
	SCHEDHINT_WRITE(process->granted_ns, granted_ns);
	SCHEDHINT_WRITE(process->throttled_ns, throttled_ns);
	SCHEDHINT_WRITE(process->refused, refused);
	SCHEDHINT_WRITE(process->reader_id, reader_id);
}

#endif /* __bpf__ */
#endif /* SCHEDHINT_BPF_H */
