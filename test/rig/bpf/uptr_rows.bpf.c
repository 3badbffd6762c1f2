// SPDX-License-Identifier: MIT OR BSD-2-Clause OR GPL-2.0
/*
 * The reader for the rows of the kernel's own __uptr test: at each system call of one task it
 * writes MAGIC + a + b through whatever pointers the task's element holds at that time. What the
 * element holds is the test's part.
 */
#include "vmlinux.h"
/* The kernel's types come first: everything below uses them. */
#include <bpf/bpf_helpers.h>
#include <schedhint/schedhint.h>

#define MAGIC 0xabcd1234

char LICENSE[] SEC("license") = "Dual BSD/GPL";

struct user_data {
  int a;
  int b;
  int result;
  int nested_result;
};

struct value {
  struct user_data __uptr* udata;
  struct {
    struct user_data __uptr* udata;
  } nested;
};

/* Without it clang describes user_data by its name only. */
static struct user_data* whole_type __attribute__((used));

struct {
  __uint(type, BPF_MAP_TYPE_TASK_STORAGE);
  __uint(map_flags, BPF_F_NO_PREALLOC);
  __type(key, int);
  __type(value, struct value);
} datamap SEC(".maps");

struct control {
  __u32 target_tid; /* whose element is used */
  __u32 by_tid;     /* 0, or a child of that task whose system calls count too */
};

struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(max_entries, 1);
  __type(key, __u32);
  __type(value, struct control);
} control SEC(".maps");

/* How often it wrote: at the target's own calls [0] through udata, [1] through nested.udata; at
 * those of by_tid [2] and [3] likewise. */
struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(max_entries, 4);
  __type(key, __u32);
  __type(value, __u64);
} hits SEC(".maps");

static __always_inline void hit(__u32 which) {
  __u64* count = bpf_map_lookup_elem(&hits, &which);

  if (count) __sync_fetch_and_add(count, 1);
}

SEC("tp_btf/sys_enter")
int write_results(void* ctx) {
  struct task_struct* task = bpf_get_current_task_btf();
  struct user_data* data;
  struct control* wanted;
  struct value* value;
  __u32 only = 0, first = 0;

  wanted = bpf_map_lookup_elem(&control, &only);
  if (!wanted || !wanted->target_tid) return 0;
  if (wanted->by_tid && (__u32)task->pid == wanted->by_tid) {
    task = task->real_parent;
    first = 2;
  }
  if (!task || (__u32)task->pid != wanted->target_tid) return 0;
  value = bpf_task_storage_get(&datamap, task, 0, 0);
  if (!value) return 0;

  data = value->udata;
  if (data) {
    data->result = MAGIC + data->a + data->b;
    hit(first);
  }
  data = value->nested.udata;
  if (data) {
    data->nested_result = MAGIC + data->a + data->b;
    hit(first + 1);
  }
  return 0;
}
