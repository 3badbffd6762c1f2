// SPDX-License-Identifier: MIT OR BSD-2-Clause OR GPL-2.0
/*
 * What a BPF program finds of a thread, whichever it is: through the thread's element, its block.
 */
#include "vmlinux.h"
/* The kernel's types come first: everything below uses them. */
#include <bpf/bpf_helpers.h>
#include <schedhint/schedhint.bpf.h>

char LICENSE[] SEC("license") = "Dual BSD/GPL";

SCHEDHINT_MAP(schedhint);

struct found {
  __u32 tid; /* asked for */
  __u32 has_block;
  __u32 urgency;
  __u32 unused;
  __u64 user;
};

struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(max_entries, 1);
  __type(key, __u32);
  __type(value, struct found);
} found SEC(".maps");

extern struct task_struct* bpf_task_from_pid(int pid) __ksym;
extern void bpf_task_release(struct task_struct* task) __ksym;
extern void bpf_rcu_read_lock(void) __ksym;
extern void bpf_rcu_read_unlock(void) __ksym;

SEC("syscall")
int look(void* ctx) {
  __u32 only = 0;
  struct found* answer = bpf_map_lookup_elem(&found, &only);
  struct task_struct* task = answer ? bpf_task_from_pid(answer->tid) : 0;
  struct schedhint_ctx hints = {.now = bpf_ktime_get_ns()};

  if (!task) return 1;
  bpf_rcu_read_lock();
  schedhint_lookup(&schedhint, task, &hints);
  if (hints.thread) {
    answer->has_block = 1;
    answer->urgency = hints.thread->urgency;
    answer->user = hints.thread->user;
  }
  bpf_rcu_read_unlock();
  bpf_task_release(task);
  return 0;
}
