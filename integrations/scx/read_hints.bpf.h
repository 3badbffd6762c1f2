/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Reads a task's hints from schedhint's map. Include it in one object only. Without --hints
 * hints_enabled is constant false: the maps are not created and the verifier removes the rest.
 */
#include "schedhint/schedhint.bpf.h"

#define HINTS_PAUSE_URGENCY 960 /* in a collector's pause, or when a deadline is near */
#define HINTS_NEAR_NS	    10000000ULL

/* What was last read of a task. */
struct hints_task {
	struct schedhint_known known;
	struct schedhint_group group;
	u32 urgency;  /* 1..1024 */
	u32 slice_us; /* time slice wished for; 0: no opinion */
};

const volatile bool hints_enabled;
volatile u64 nr_hinted; /* decisions that a hint changed */

SCHEDHINT_MAP(schedhint);

struct {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct hints_task);
} hints_tasks SEC(".maps");

/* The hints of @p as they are now. NULL: it has none. */
static __maybe_unused struct hints_task *read_hints(struct task_struct *p)
{
	struct schedhint_ctx found = {.now = bpf_ktime_get_ns()};
	struct hints_task *task;
	u64 slack;

	task = bpf_task_storage_get(&hints_tasks, p, 0, BPF_LOCAL_STORAGE_GET_F_CREATE);
	if (!task)
		return NULL;
	found.known = &task->known;
	task->slice_us = 0;
	if (!schedhint_lookup(&schedhint, p, &found))
		return NULL;
	if (!found.thread) { /* only the runtime's helper threads, and only in a pause */
		task->urgency = HINTS_PAUSE_URGENCY;
		return schedhint_helps_gc(&found) ? task : NULL;
	}
	schedhint_read_group(&found, &task->group);
	task->slice_us = task->group.slice_us;
	task->urgency = schedhint_urgency(&task->group);
	if (schedhint_is_batch(&task->group))
		task->urgency = SCHEDHINT_URGENCY_LOWEST;
	else if (task->urgency < HINTS_PAUSE_URGENCY &&
		 (schedhint_in_pause(&found) ||
		  (schedhint_slack(&task->group, found.now, &slack) && slack < HINTS_NEAR_NS)))
		task->urgency = HINTS_PAUSE_URGENCY;
	return task;
}
