/* SPDX-License-Identifier: MIT OR BSD-2-Clause OR GPL-2.0-only */
/* A reader: looks at one process's threads at each system call, writes down what it reads of them,
 * and publishes feedback. */
#include "../conformance/kernel.bpf.h"
/* The kernel's types come first. */
#include <bpf/bpf_helpers.h>
#include <schedhint/schedhint.bpf.h>

#include "selftest.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

SCHEDHINT_MAP(schedhint);

/* What a reader keeps of a task. */
struct mine {
	struct schedhint_known known;
	struct schedhint_group group;
	struct schedhint_feedback feedback;
};

struct {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct mine);
} tasks SEC(".maps");

/* By tid. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 64);
	__type(key, __u32);
	__type(value, struct found);
} seen SEC(".maps");

/* The tgid to look at. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u32);
} process SEC(".maps");

static void read_hints(struct schedhint_ctx *hints, struct mine *mine, struct found *found)
{
	__u64 user = 0;

	if (schedhint_read_group_and_user(hints, &mine->group, &user))
		found->user = user;
	found->urgency = schedhint_urgency(&mine->group);
	found->slice_us = mine->group.slice_us;
	found->deadline_ns = mine->group.deadline_ns;
	found->is_batch = schedhint_is_batch(&mine->group);
	found->has_slack = schedhint_slack(&mine->group, hints->now, &found->slack_ns);
	found->gc = schedhint_gc(hints);
	found->is_in_pause = schedhint_in_pause(hints);
}

SEC("tp_btf/sys_enter")
int look(void *unused)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct schedhint_ctx hints = {.now = bpf_ktime_get_ns()};
	__u32 only = 0, tid = task->pid, *tgid = bpf_map_lookup_elem(&process, &only);
	struct found found = {0}, *before;
	struct mine *mine;

	if (!tgid || (__u32)task->tgid != *tgid)
		return 0;
	mine = bpf_task_storage_get(&tasks, task, 0, BPF_LOCAL_STORAGE_GET_F_CREATE);
	if (!mine)
		return 0;
	before = bpf_map_lookup_elem(&seen, &tid);
	if (before)
		found = *before;
	hints.known = &mine->known;
	found.helps_gc = 0;
	if (schedhint_lookup(&schedhint, task, &hints)) {
		found.looks++;
		found.helps_gc = schedhint_helps_gc(&hints);
		read_hints(&hints, mine, &found);
		mine->feedback.reader_id = 0x5e1f;
		mine->feedback.flags = SCHEDHINT_R_OBSERVES;
		mine->feedback.seen_ns = hints.now;
		mine->feedback.preempted++;
		mine->feedback.granted_ns += 10;
		found.published = schedhint_publish(&hints, &mine->feedback);
		if (found.published)
			schedhint_publish_process(&hints, 0x5e1f, 10, 20, 30);
	}
	bpf_map_update_elem(&seen, &tid, &found, BPF_ANY);
	return 0;
}
