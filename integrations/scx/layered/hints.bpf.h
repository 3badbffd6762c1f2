/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Reads schedhint's hints as the number that HintEquals matches. Without --hints hints_enabled is
 * constant false: the maps are not created and the verifier removes the rest.
 */
#include "schedhint/schedhint.bpf.h"

const volatile bool hints_enabled;
const volatile u64 hint_gc, hint_batch, hint_none; /* more than 1024: no number */

/* What was last read of a task. */
struct hints_task {
	struct schedhint_known known;
	struct schedhint_group group;
	struct task_hint number;
};

SCHEDHINT_MAP(schedhint);

struct {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct hints_task);
} hints_tasks SEC(".maps");

/*
 * The number of @p as its hints are now. NULL: its process gives none. A process that does gives
 * one to each of its tasks, so that a task can leave the layer of its last number.
 */
static struct task_hint *read_hints(struct task_struct *p)
{
	struct schedhint_ctx found = {.now = scx_bpf_now()};
	struct hints_task *task;

	task = bpf_task_storage_get(&hints_tasks, p, 0, BPF_LOCAL_STORAGE_GET_F_CREATE);
	if (!task)
		return NULL;
	found.known = &task->known;
	if (!schedhint_lookup(&schedhint, p, &found))
		return NULL;
	if (!schedhint_read_group(&found, &task->group) && !found.thread)
		__builtin_memset(&task->group, 0, sizeof(task->group));
	if (schedhint_in_pause(&found) || schedhint_helps_gc(&found))
		task->number.hint = hint_gc;
	else if (schedhint_is_batch(&task->group))
		task->number.hint = hint_batch;
	else if (task->group.urgency)
		task->number.hint = schedhint_urgency(&task->group);
	else
		task->number.hint = hint_none;
	return &task->number;
}
