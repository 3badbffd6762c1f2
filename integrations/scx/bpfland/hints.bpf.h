/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the hints of a task make of its deadline and its time slice.
 */
#include "read_hints.bpf.h"

#define HINTS_SLICE_MIN_NS (100 * NSEC_PER_USEC)

/*
 * How much of the time that @p has run since it last slept counts against it. An urgent task is
 * treated as if it had just woken up, one of low urgency as if it had not slept for long. The
 * vruntime stays as it is, so in the long run a task gets neither more nor less than its share.
 */
static __noinline u64 hints_awake(struct task_struct *p, u64 awake, u64 awake_max)
{
	const u64 normal = SCHEDHINT_URGENCY_NORMAL, most = SCHEDHINT_URGENCY_CRITICAL;
	struct hints_task *hints = read_hints(p);
	u64 hinted = awake;

	if (hints && hints->urgency > normal)
		hinted = awake * (most - hints->urgency) / (most - normal);
	else if (hints)
		hinted = awake + (awake_max - awake) * (normal - hints->urgency) / normal;
	if (hinted != awake)
		__sync_fetch_and_add(&nr_hinted, 1);
	return hinted;
}

/* The slice that @p wishes for, at most the one that it has when no other task waits. */
static __noinline u64 hints_slice(const struct task_struct *p, u64 slice, u64 slice_alone)
{
	struct hints_task *hints;

	hints = bpf_task_storage_get(&hints_tasks, (struct task_struct *)p, 0, 0);
	if (!hints || !hints->slice_us)
		return slice;
	__sync_fetch_and_add(&nr_hinted, 1);
	return CLAMP(hints->slice_us * NSEC_PER_USEC, HINTS_SLICE_MIN_NS, slice_alone);
}
