// SPDX-License-Identifier: MIT OR BSD-2-Clause OR GPL-2.0
/*
 * scx_layered's side of its task hint map, written from the description of it in docs/channels.md:
 * the map, a look at a thread's hint as the scheduler takes it, and a log of the bpf(2) calls by
 * which one process's threads change theirs.
 */
#include "vmlinux.h"
/* The kernel's types come first: everything below uses them. */
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>

char LICENSE[] SEC("license") = "Dual BSD/GPL";

#define CALLS 65536
#define NO_HINT ((__u64) - 1)

#ifdef __TARGET_ARCH_x86
#define SYS_BPF 321
#define ARGUMENT_0(regs) BPF_CORE_READ(regs, di)
#define ARGUMENT_1(regs) BPF_CORE_READ(regs, si)
#else
#define SYS_BPF 280
#define ARGUMENT_0(regs) BPF_CORE_READ(regs, regs[0])
#define ARGUMENT_1(regs) BPF_CORE_READ(regs, regs[1])
#endif

/* enum bpf_cmd, and the part of union bpf_attr that goes with it */
#define UPDATE_ELEM 2
#define DELETE_ELEM 3
struct element_attr {
  __u32 map_fd;
  __u64 key __attribute__((aligned(8)));
  __u64 value;
};

struct task_hint {
  __u64 hint;
  __u64 __reserved[3];
};

struct {
  __uint(type, BPF_MAP_TYPE_TASK_STORAGE);
  __uint(map_flags, BPF_F_NO_PREALLOC);
  __type(key, int);
  __type(value, struct task_hint);
} task_hints SEC(".maps");

/* The process whose calls are written down, or the thread that look() looks at. */
struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(max_entries, 2);
  __type(key, __u32);
  __type(value, __u32);
} watched SEC(".maps");

struct call {
  __u64 ns;
  __u64 hint;   /* being written; NO_HINT: deleted */
  __u64 before; /* what the scheduler has seen until now; NO_HINT: none */
  __u32 tid;
  __u32 reserved; /* or'ed together: must be 0 */
};

struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(max_entries, CALLS);
  __type(key, __u32);
  __type(value, struct call);
} calls SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(max_entries, 1);
  __type(key, __u32);
  __type(value, __u64);
} call_count SEC(".maps");

static __always_inline __u64 hint_of(struct task_struct* task) {
  struct task_hint* hint = bpf_task_storage_get(&task_hints, task, 0, 0);

  return hint ? hint->hint : NO_HINT;
}

/* The map behind a descriptor of the current task: other maps' calls are none of ours. */
static __always_inline __u32 map_id_of(struct task_struct* task, __u32 fd) {
  struct fdtable* table = BPF_CORE_READ(task, files, fdt);
  struct file** files = BPF_CORE_READ(table, fd);
  struct file* file = 0;
  struct bpf_map* map;

  if (fd >= BPF_CORE_READ(table, max_fds) || bpf_core_read(&file, sizeof(file), files + fd))
    return 0;
  map = BPF_CORE_READ(file, private_data);
  return BPF_CORE_READ(map, id);
}

SEC("tp_btf/sys_enter")
int write_down(__u64* ctx) {
  struct pt_regs* regs = (struct pt_regs*)ctx[0];
  struct task_struct* task = bpf_get_current_task_btf();
  __u32 only = 0, index, *tgid = bpf_map_lookup_elem(&watched, &only);
  __u64 command, *count = bpf_map_lookup_elem(&call_count, &only);
  struct element_attr attr = {};
  struct task_hint value = {.hint = NO_HINT};
  struct call* call;

  if (ctx[1] != SYS_BPF || !tgid || (__u32)task->tgid != *tgid || !count) return 0;
  command = ARGUMENT_0(regs);
  if (command != UPDATE_ELEM && command != DELETE_ELEM) return 0;
  if (bpf_probe_read_user(&attr, sizeof(attr), (void*)ARGUMENT_1(regs))) return 0;
  if (map_id_of(task, attr.map_fd) != ((struct bpf_map*)&task_hints)->id) return 0;
  if (command == UPDATE_ELEM && bpf_probe_read_user(&value, sizeof(value), (void*)attr.value))
    return 0;
  index = __sync_fetch_and_add(count, 1);
  call = bpf_map_lookup_elem(&calls, &index);
  if (!call) return 0;
  call->ns = bpf_ktime_get_ns();
  call->hint = value.hint;
  call->before = hint_of(task);
  call->tid = task->pid;
  call->reserved = value.__reserved[0] | value.__reserved[1] | value.__reserved[2];
  return 0;
}

extern struct task_struct* bpf_task_from_pid(int pid) __ksym;
extern void bpf_task_release(struct task_struct* task) __ksym;

/* The hint of the thread in watched[1], or -1: as scx_layered reads it at each wakeup. */
SEC("syscall")
int look(void* ctx) {
  __u32 second = 1, *tid = bpf_map_lookup_elem(&watched, &second);
  struct task_struct* task = tid ? bpf_task_from_pid(*tid) : 0;
  __u64 hint;

  if (!task) return -2;
  hint = hint_of(task);
  bpf_task_release(task);
  return hint;
}
