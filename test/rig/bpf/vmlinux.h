/* SPDX-License-Identifier: MIT OR BSD-2-Clause OR GPL-2.0 */
/*
 * The part of the kernel's types that these tests use, in place of the three megabytes that
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
  BPF_MAP_TYPE_TASK_STORAGE = 29,
};

enum {
  BPF_ANY = 0,
  BPF_NOEXIST = 1,
  BPF_F_NO_PREALLOC = 1,
  BPF_LOCAL_STORAGE_GET_F_CREATE = 1,
};

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct bpf_map {
  __u32 id;
};

struct file {
  void* private_data; /* of a map's descriptor: the map */
};

struct fdtable {
  unsigned int max_fds;
  struct file** fd;
};

struct files_struct {
  struct fdtable* fdt;
};

struct cfs_rq {
  int throttle_count;
};

struct sched_entity {
  __u64 sum_exec_runtime;
  struct cfs_rq* cfs_rq;
};

struct task_struct {
  unsigned int flags;
  struct sched_entity se;
  bool throttled; /* since 6.18 */
  struct files_struct* files;
  int pid;  /* what user space calls the tid */
  int tgid; /* what user space calls the pid */
  struct task_struct* real_parent;
  struct task_struct* group_leader;
  __u64 self_exec_id;
};

/* The arguments of a system call. */
#ifdef __TARGET_ARCH_x86
struct pt_regs {
  unsigned long di;
  unsigned long si;
};
#else
struct pt_regs {
  __u64 regs[31];
};
#endif

#pragma clang attribute pop

#endif /* __VMLINUX_H__ */
