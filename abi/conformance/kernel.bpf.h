/* SPDX-License-Identifier: MIT OR BSD-2-Clause OR GPL-2.0-only */
/*
 * The kernel's types that these programs use, in place of a generated vmlinux.h. Members are found
 * by name when a program is loaded (CO-RE).
 */
#ifndef KERNEL_BPF_H
#define KERNEL_BPF_H

#include <linux/bpf.h>
#include <linux/types.h>
#include <stdbool.h>

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct task_struct {
	unsigned int flags;
	int pid;  /* what user space calls the tid */
	int tgid; /* what user space calls the pid */
	struct task_struct *group_leader;
	__u64 self_exec_id;
};

struct bpf_iter__task {
	struct task_struct *task;
};

#pragma clang attribute pop

#endif /* KERNEL_BPF_H */
