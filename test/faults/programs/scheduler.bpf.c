// SPDX-License-Identifier: MIT OR BSD-2-Clause OR GPL-2.0
/*
 * What the fault table calls the scheduler: it looks at each thread that goes off a CPU, writes
 * down what it found, and answers with the thread's own `user` in run_delay_ns, so that each side
 * can tell that the other reads it.
 */
#include "vmlinux.h"
/* The kernel's types come first: everything below uses them. */
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>
#include <schedhint/schedhint.bpf.h>

#include "seen.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

SCHEDHINT_MAP(schedhint);

struct {
  __uint(type, BPF_MAP_TYPE_HASH);
  __uint(max_entries, 16384);
  __type(key, __u32);
  __type(value, struct seen);
} seen SEC(".maps");

SEC("tp_btf/sched_switch")
int BPF_PROG(on_switch, bool preempt, struct task_struct* prev, struct task_struct* next) {
  struct schedhint_feedback feedback = {.flags = SCHEDHINT_R_OBSERVES, .reader_id = 1};
  struct schedhint_group group = {};
  __u64 now = bpf_ktime_get_ns(), user;
  struct schedhint_ctx hints = {.now = now};
  __u32 tid = prev->pid;
  struct seen* last;

  if (!schedhint_lookup(&schedhint, prev, &hints) || !hints.thread) return 0;
  last = bpf_map_lookup_elem(&seen, &tid);
  if (!last) {
    static const struct seen nothing;

    bpf_map_update_elem(&seen, &tid, &nothing, BPF_NOEXIST);
    last = bpf_map_lookup_elem(&seen, &tid);
    if (!last) return 0;
  }
  if (schedhint_in_pause(&hints)) {
    last->gc_since_ns = SCHEDHINT_READ(hints.thread->gc_since_ns);
    last->gc_ns = now;
  }
  if (schedhint_read_group_and_user(&hints, &group, &user)) {
    last->deadline_ns = group.deadline_ns;
    last->user = user;
    last->urgency = group.urgency;
  }
  last->ns = now;
  last->looks++;
  feedback.seen_ns = now;
  feedback.run_delay_ns = last->user;
  schedhint_publish(&hints, &feedback);
  return 0;
}

/* The program that follows has nothing to do with the hints of this one. */
SEC("tp_btf/sched_process_exec")
int BPF_PROG(on_exec, struct task_struct* task) {
  bpf_task_storage_delete(&schedhint, task);
  return 0;
}
