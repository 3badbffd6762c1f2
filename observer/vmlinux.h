/* SPDX-License-Identifier: MIT OR BSD-2-Clause OR GPL-2.0 */
/*
 * The part of the kernel's types that the observer uses, in place of the three megabytes that
 * `bpftool btf dump file /sys/kernel/btf/vmlinux format c` would write. Members are found by name
 * when the program is loaded (CO-RE), so their order and offsets here mean nothing.
 */
#ifndef __VMLINUX_H__
#define __VMLINUX_H__

typedef unsigned char __u8;
typedef unsigned short __u16;
typedef unsigned int __u32;
typedef unsigned long long __u64;
typedef signed char __s8;
typedef short __s16;
typedef int __s32;
typedef long long __s64;
typedef __u16 __be16;
typedef __u32 __be32;
typedef __u32 __wsum;
typedef _Bool bool;

enum { false = 0, true = 1 };

enum bpf_map_type {
  BPF_MAP_TYPE_HASH = 1,
  BPF_MAP_TYPE_ARRAY = 2,
  BPF_MAP_TYPE_RINGBUF = 27,
  BPF_MAP_TYPE_TASK_STORAGE = 29,
};

enum {
  BPF_ANY = 0,
  BPF_NOEXIST = 1,
  BPF_F_NO_PREALLOC = 1,
  BPF_LOCAL_STORAGE_GET_F_CREATE = 1,
  BPF_RB_NO_WAKEUP = 1,
};

/* include/linux/sched.h */
#define TASK_RUNNING 0
#define PF_EXITING 0x00000004

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct task_struct {
  unsigned int __state;
  unsigned int flags;
  int pid;  /* what user space calls the tid */
  int tgid; /* what user space calls the pid */
  struct task_struct* group_leader;
  __u64 self_exec_id; /* how many programs it has started */
  char comm[16];
};

#pragma clang attribute pop

#endif /* __VMLINUX_H__ */
