/* SPDX-License-Identifier: MIT OR BSD-2-Clause OR GPL-2.0-only */
/*
 * Checks what clients write, at every switch, system call and clock tick of a thread that has an
 * element, and writes down what breaks a rule. Clients write groups by this one, in which any
 * mixture of two shows, for a counter k that starts at 1:
 *
 *	deadline_ns = k    urgency = k % 1024 + 1    user = 3 * k
 */
#include "kernel.bpf.h"
/* The kernel's types come first. */
#include <bpf/bpf_helpers.h>
#include <schedhint/schedhint.bpf.h>

#include "checker.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

SCHEDHINT_MAP(schedhint);

struct {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct seen);
} threads SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, RULE_COUNT);
	__type(key, __u32);
	__type(value, struct violation);
} violations SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct tally);
} tallies SEC(".maps");

#define LINES_2_AND_3 16 /* in words of 64 bits: where the reader's half of a thread's block is */
#define LINE_1	      8	 /* and of a process's */
#define MARK	      0xc0ffee /* what this reader writes there */

static __always_inline void expect(bool holds, enum rule rule, struct task_struct *task,
				   __u64 value)
{
	struct violation *violation;
	__u32 key = rule;

	if (holds)
		return;
	violation = bpf_map_lookup_elem(&violations, &key);
	if (!violation)
		return;
	if (!violation->times) {
		violation->value = value;
		violation->tid = task->pid;
	}
	__sync_fetch_and_add(&violation->times, 1);
}

static __always_inline __u64 address_of(const void *slot)
{
	__u64 address = 0;

	bpf_probe_read_kernel(&address, sizeof(address), slot);
	return address;
}

static __always_inline bool is_runtime(__u16 runtime)
{
	return runtime <= SCHEDHINT_RUNTIME_RUBY || runtime >= SCHEDHINT_RUNTIME_PRIVATE;
}

static __always_inline void check_process(struct schedhint_process *process,
					  struct task_struct *task, bool is_new, bool has_thread)
{
	__u64 *words = (__u64 *)process, any = 0, reserved;
	__u32 flags;

	expect(SCHEDHINT_READ(process->abi) <= SCHEDHINT_ABI, RULE_ABI, task, process->abi);
	if (SCHEDHINT_READ(process->abi) != SCHEDHINT_ABI)
		return;
	schedhint_fence();
	expect(SCHEDHINT_READ(process->attach_ns), RULE_ABI_LAST, task, 0);
	expect(SCHEDHINT_READ(process->attach_ns) <= bpf_ktime_get_ns(), RULE_ATTACH, task,
	       process->attach_ns);
	reserved = process->p0 | process->p1;
#pragma unroll
	for (int i = 0; i < 4; i++)
		reserved |= SCHEDHINT_READ(process->p2[i]);
	expect(!reserved, RULE_RESERVED, task, reserved);
	flags = SCHEDHINT_READ(process->flags);
	expect(!(flags & ~(SCHEDHINT_P_HELPERS_BOUND | SCHEDHINT_P_HELPERS_INHERIT)), RULE_RANGES,
	       task, flags);
	/* A pool's block is for elements without a thread, and counts nothing. */
	if (flags & SCHEDHINT_P_HELPERS_INHERIT)
		expect(!has_thread && !SCHEDHINT_READ(process->gc_threads) &&
			       !SCHEDHINT_READ(process->bound_threads),
		       RULE_PROCESS, task, flags);
	expect(is_runtime(SCHEDHINT_READ(process->runtime)), RULE_RANGES, task, process->runtime);
	if (is_new) {
		any = SCHEDHINT_READ(process->granted_ns);
		if (any == MARK) /* by a look at another of its threads */
			any = 0;
#pragma unroll
		for (int i = LINE_1 + 1; i < 2 * LINE_1; i++)
			any |= SCHEDHINT_READ(words[i]);
		expect(!any, RULE_CLEARED, task, any);
	}
	SCHEDHINT_WRITE(process->granted_ns, MARK);
}

static __always_inline void check_gc(struct schedhint_thread *thread, struct task_struct *task,
				     struct seen *seen)
{
	__u32 gc = SCHEDHINT_READ(thread->gc), count;
	__u64 since;

	schedhint_fence();
	since = SCHEDHINT_READ(thread->gc_since_ns);
	count = SCHEDHINT_READ(thread->gc_count);
	expect(!(gc & 0xffff &
		 ~(SCHEDHINT_GC_MINOR | SCHEDHINT_GC_MAJOR | SCHEDHINT_GC_OTHER |
		   SCHEDHINT_GC_CYCLE)),
	       RULE_GC_KIND, task, gc);
	expect(since <= bpf_ktime_get_ns(), RULE_GC_SINCE, task, since);
	expect(since >= seen->attach_ns || (!since && !(gc & SCHEDHINT_GC_PAUSED)), RULE_GC_SINCE,
	       task, since);
	expect(count >= seen->gc_count, RULE_GC_COUNT, task, count);
	seen->gc_count = count;
	seen->gc_kinds |= gc & SCHEDHINT_GC_PAUSED;
}

static __always_inline void check_group(struct schedhint_ctx *hints, struct task_struct *task,
					struct seen *seen)
{
	struct schedhint_group group = {0};
	__u64 user;

	if (!schedhint_read_group_and_user(hints, &group, &user))
		return;
	expect(group.urgency <= SCHEDHINT_URGENCY_CRITICAL, RULE_URGENCY, task, group.urgency);
	expect(!(group.hints & ~SCHEDHINT_BATCH), RULE_HINTS, task, group.hints);
	if (group.deadline_ns || user) {
		expect(user == 3 * group.deadline_ns &&
			       group.urgency == group.deadline_ns % 1024 + 1,
		       RULE_GROUP, task, group.deadline_ns);
		seen->groups += group.deadline_ns != seen->deadline_ns;
	}
	seen->deadline_ns = group.deadline_ns;
	seen->user = user;
	seen->urgency = group.urgency;
	seen->hints = group.hints;
}

static __always_inline void check_thread(struct schedhint_thread *thread, struct task_struct *task,
					 struct seen *seen, __u64 address)
{
	struct schedhint_ctx hints = {.thread = thread};
	__u64 *words = (__u64 *)thread, any = 0, attach_ns;
	bool is_new = seen->thread != address || !seen->looks;
	__u32 abi = SCHEDHINT_READ(thread->abi);
	__u16 runtime, role;

	expect(abi <= SCHEDHINT_ABI, RULE_ABI, task, abi);
	if (abi != SCHEDHINT_ABI) {
		if (!abi)
			seen->thread = 0; /* the next block is another */
		return;
	}
	schedhint_fence();
	attach_ns = SCHEDHINT_READ(thread->attach_ns);
	runtime = SCHEDHINT_READ(thread->runtime);
	role = SCHEDHINT_READ(thread->role);
	if (is_new) {
#pragma unroll
		for (int i = LINES_2_AND_3; i < 2 * LINES_2_AND_3; i++)
			any |= SCHEDHINT_READ(words[i]);
		expect(!any, RULE_CLEARED, task, any);
		expect(attach_ns, RULE_ABI_LAST, task, 0);
		seen->thread = address;
		seen->gc_count = 0;
	} else {
		expect(attach_ns == seen->attach_ns && runtime == seen->runtime &&
			       role == seen->role,
		       RULE_ABI_LAST, task, attach_ns);
	}
	seen->attach_ns = attach_ns;
	seen->runtime = runtime;
	seen->role = role;
	seen->looks++;
	expect(attach_ns <= bpf_ktime_get_ns(), RULE_ATTACH, task, attach_ns);
	expect(is_runtime(runtime), RULE_RANGES, task, runtime);
	expect(role <= SCHEDHINT_ROLE_HELPER, RULE_RANGES, task, role);
	seen->phase = SCHEDHINT_READ(thread->phase);
	expect(seen->phase <= SCHEDHINT_PHASE_DRAINING, RULE_RANGES, task, seen->phase);
	expect(!(SCHEDHINT_READ(thread->flags) & ~(SCHEDHINT_F_GC_LIVE | SCHEDHINT_F_GC_AFTER)),
	       RULE_RANGES, task, thread->flags);
	any = SCHEDHINT_READ(thread->hot0) | SCHEDHINT_READ(thread->hot1) |
	      SCHEDHINT_READ(thread->cold0) | SCHEDHINT_READ(thread->cold1);
#pragma unroll
	for (int i = 0; i < 4; i++)
		any |= SCHEDHINT_READ(thread->cold2[i]);
	expect(!any, RULE_RESERVED, task, any);
	check_gc(thread, task, seen);
	check_group(&hints, task, seen);
	seen->seq = SCHEDHINT_READ(thread->seq);
	SCHEDHINT_WRITE(thread->granted_ns, MARK);
	SCHEDHINT_WRITE(thread->reader_seen_ns, bpf_ktime_get_ns());
}

static __always_inline void look(struct task_struct *task)
{
	struct schedhint_value *value = bpf_task_storage_get(&schedhint, task, 0, 0);
	struct schedhint_process *process;
	struct schedhint_thread *thread;
	struct seen *seen;
	__u64 address;

	if (!value)
		return;
	seen = bpf_task_storage_get(&threads, task, 0, BPF_LOCAL_STORAGE_GET_F_CREATE);
	if (!seen)
		return;
	/* A tick in the middle of another look at the same thread. */
	if (SCHEDHINT_READ(seen->is_looked_at))
		return;
	SCHEDHINT_WRITE(seen->is_looked_at, 1);
	process = value->process;
	thread = value->thread;
	expect(process, RULE_PROCESS, task, 0);
	if (process) {
		address = address_of(&value->process);
		expect(!(address & 127), RULE_ALIGNED, task, address);
		check_process(process, task, !seen->looks, thread);
	}
	if (thread) {
		address = address_of(&value->thread);
		expect(!(address & 255), RULE_ALIGNED, task, address);
		check_thread(thread, task, seen, address);
	}
	SCHEDHINT_WRITE(seen->is_looked_at, 0);
}

SEC("tp_btf/sched_switch")
int look_at_switch(__u64 *ctx)
{
	look((struct task_struct *)ctx[1]);
	look((struct task_struct *)ctx[2]);
	return 0;
}

SEC("tp_btf/sys_enter")
int look_at_call(void *ctx)
{
	look(bpf_get_current_task_btf());
	return 0;
}

SEC("perf_event")
int look_at_tick(void *ctx)
{
	look(bpf_get_current_task_btf());
	return 0;
}

/* Counts, and judges nothing: the thread may run meanwhile. */
SEC("iter/task")
int count(struct bpf_iter__task *ctx)
{
	struct task_struct *task = ctx->task;
	struct schedhint_value *value;
	__u32 only = 0;
	struct tally *tally = bpf_map_lookup_elem(&tallies, &only);

	if (!task || !tally)
		return 0;
	value = bpf_task_storage_get(&schedhint, task, 0, 0);
	if (!value)
		return 0;
	if (!value->thread && task->pid != task->tgid) {
		tally->helpers++;
		return 0;
	}
	tally->elements++;
	if (value->thread && SCHEDHINT_READ(value->thread->abi) == SCHEDHINT_ABI)
		tally->threads++;
	if (value->process && task->pid == task->tgid) {
		tally->leaders++;
		tally->bound_threads = SCHEDHINT_READ(value->process->bound_threads);
	}
	return 0;
}
