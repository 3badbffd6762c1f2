/* SPDX-License-Identifier: MIT OR BSD-2-Clause OR GPL-2.0 */
/*
 * The part of the kernel that these schedulers use, in place of a generated vmlinux.h. Members are
 * found by name when the program is loaded (CO-RE), so one object runs on every kernel from 6.13.
 *
 * struct sched_ext_ops has the members that are set here and no other: libbpf before 1.5 refuses
 * one that the running kernel lacks, even if it is NULL.
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
  BPF_MAP_TYPE_PERCPU_ARRAY = 6,
  BPF_MAP_TYPE_LRU_HASH = 9,
  BPF_MAP_TYPE_TASK_STORAGE = 29,
};

enum {
  BPF_ANY = 0,
  BPF_NOEXIST = 1,
  BPF_F_NO_PREALLOC = 1,
  BPF_LOCAL_STORAGE_GET_F_CREATE = 1,
};

/* include/linux/sched.h */
#define PF_KTHREAD 0x00200000

/* include/linux/sched/ext.h and kernel/sched/ext_internal.h */
#define SCX_DSQ_LOCAL 0x8000000000000002ULL
#define SCX_TASK_QUEUED 1
#define SCX_ENQ_WAKEUP 1
#define SCX_KICK_IDLE 1
#define SCX_KICK_PREEMPT 2

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct cpumask {
  unsigned long bits[1]; /* as many as the kernel has */
};

struct kernfs_node {
  __u64 id;
};

struct cgroup {
  struct kernfs_node* kn;
};

struct css_set {
  struct cgroup* dfl_cgrp;
};

struct sched_ext_entity {
  __u32 flags;
  __u32 weight; /* 1..10000, of the nice value; 100 is nice 0 */
  __u64 slice;
  __u64 dsq_vtime;
};

struct sched_entity {
  __u64 sum_exec_runtime;
};

struct task_struct {
  unsigned int flags;
  int pid;  /* what user space calls the tid */
  int tgid; /* what user space calls the pid */
  int nr_cpus_allowed;
  const struct cpumask* cpus_ptr;
  struct task_struct* group_leader;
  __u64 self_exec_id; /* how many programs it has started */
  struct css_set* cgroups;
  struct sched_entity se;
  struct sched_ext_entity scx;
  char comm[16];
};

struct scx_init_task_args {
  bool fork;
};

struct scx_exit_task_args {
  bool cancelled;
};

enum scx_exit_kind { SCX_EXIT_NONE = 0 }; /* an enum: CO-RE takes no integer for one */

struct scx_exit_info {
  enum scx_exit_kind kind;
  __s64 exit_code;
  char* reason;
  char* msg;
};

#pragma clang attribute pop

struct bpf_iter_scx_dsq {
  __u64 opaque[6];
} __attribute__((aligned(8)));

struct bpf_iter_num {
  __u64 opaque[1];
} __attribute__((aligned(8)));

struct sched_ext_ops {
  __s32 (*select_cpu)(struct task_struct* p, __s32 prev_cpu, __u64 wake_flags);
  void (*enqueue)(struct task_struct* p, __u64 enq_flags);
  void (*dispatch)(__s32 cpu, struct task_struct* prev);
  void (*tick)(struct task_struct* p);
  void (*runnable)(struct task_struct* p, __u64 enq_flags);
  void (*running)(struct task_struct* p);
  void (*stopping)(struct task_struct* p, bool runnable);
  void (*quiescent)(struct task_struct* p, __u64 deq_flags);
  __s32 (*init_task)(struct task_struct* p, struct scx_init_task_args* args);
  void (*exit_task)(struct task_struct* p, struct scx_exit_task_args* args);
  __s32 (*init)(void);
  void (*exit)(struct scx_exit_info* info);
  __u64 flags;
  __u32 timeout_ms;
  char name[128];
};

#define KFUNC extern __attribute__((section(".ksyms")))
KFUNC __s32 scx_bpf_create_dsq(__u64 dsq_id, __s32 node);
KFUNC __s32 scx_bpf_select_cpu_dfl(struct task_struct* p, __s32 prev_cpu, __u64 wake_flags,
                                   bool* is_idle);
KFUNC __s32 scx_bpf_pick_idle_cpu(const struct cpumask* allowed, __u64 flags);
KFUNC void scx_bpf_kick_cpu(__s32 cpu, __u64 flags);
KFUNC __s32 scx_bpf_task_cpu(const struct task_struct* p);
KFUNC __s32 scx_bpf_dsq_nr_queued(__u64 dsq_id);
KFUNC void scx_bpf_dsq_insert(struct task_struct* p, __u64 dsq_id, __u64 slice, __u64 enq_flags);
KFUNC void scx_bpf_dsq_insert_vtime(struct task_struct* p, __u64 dsq_id, __u64 slice, __u64 vtime,
                                    __u64 enq_flags);
KFUNC bool scx_bpf_dsq_move_to_local(__u64 dsq_id);
KFUNC void scx_bpf_dsq_move_set_vtime(struct bpf_iter_scx_dsq* it, __u64 vtime);
KFUNC bool scx_bpf_dsq_move_vtime(struct bpf_iter_scx_dsq* it, struct task_struct* p, __u64 dsq_id,
                                  __u64 enq_flags);
KFUNC int bpf_iter_scx_dsq_new(struct bpf_iter_scx_dsq* it, __u64 dsq_id, __u64 flags);
KFUNC struct task_struct* bpf_iter_scx_dsq_next(struct bpf_iter_scx_dsq* it);
KFUNC void bpf_iter_scx_dsq_destroy(struct bpf_iter_scx_dsq* it);
KFUNC int bpf_iter_num_new(struct bpf_iter_num* it, int start, int end);
KFUNC int* bpf_iter_num_next(struct bpf_iter_num* it);
KFUNC void bpf_iter_num_destroy(struct bpf_iter_num* it);
KFUNC bool bpf_cpumask_test_cpu(__u32 cpu, const struct cpumask* cpumask);
/* Linux 6.19 */
KFUNC bool scx_bpf_task_set_slice(struct task_struct* p, __u64 slice) __attribute__((weak));

/* Kernels that have the function warn of programs that store the slice themselves. */
static inline __attribute__((always_inline)) void set_slice(struct task_struct* p, __u64 ns) {
  if (scx_bpf_task_set_slice)
    scx_bpf_task_set_slice(p, ns);
  else
    p->scx.slice = ns;
}

#endif /* __VMLINUX_H__ */
