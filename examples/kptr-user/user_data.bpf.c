// SPDX-License-Identifier: MIT OR BSD-2-Clause OR GPL-2.0
/*
 * The example with which shared user memory was proposed to the kernel: a thread writes a and b
 * with plain stores, and at its next system call finds their sum in result. No call passes either.
 *
 * The map is nothing of schedhint's: this is a reader with a custom struct, and the client
 * describes that struct in TypeScript.
 */
#include <linux/bpf.h>
/* The kernel's types come first: everything below uses them. */
#include <bpf/bpf_helpers.h>

#include "user_data.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

/* Without it clang describes user_data by its name only, and the kernel needs to know its size. */
static struct user_data* whole_type __attribute__((used));

struct {
  __uint(type, BPF_MAP_TYPE_TASK_STORAGE);
  __uint(map_flags, BPF_F_NO_PREALLOC);
  __type(key, int); /* for user space: a pidfd of the thread */
  __type(value, struct value);
} datamap SEC(".maps");

SEC("tp_btf/sys_enter")
int add(void* ctx) {
  struct task_struct* task = bpf_get_current_task_btf();
  struct value* value = bpf_task_storage_get(&datamap, task, 0, 0);
  struct user_data* data;

  if (!value) return 0; /* this thread has not registered */
  data = value->udata;
  if (!data) return 0; /* it has, with no address */
  data->result = data->a + data->b;
  return 0;
}
