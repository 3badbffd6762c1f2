// SPDX-License-Identifier: MIT OR BSD-2-Clause OR GPL-2.0
/*
 * A program that uses all of schedhint.bpf.h, to be compiled with every clang and every vmlinux.h:
 * HEADER is what comes first.
 */
#include HEADER
#include <bpf/bpf_helpers.h>
#include <schedhint/schedhint.bpf.h>

char _license[] SEC("license") = "GPL";

SCHEDHINT_MAP(schedhint);

/* Published through a map's value, and not through a block: clang must not merge the two stores,
 * which the verifier refuses ("same insn cannot be used with different pointers"). */
struct kept {
  struct schedhint_known known;
  struct schedhint_group group;
  __u64 user;
  __u64 sum;
};

struct {
  __uint(type, BPF_MAP_TYPE_TASK_STORAGE);
  __uint(map_flags, BPF_F_NO_PREALLOC);
  __type(key, int);
  __type(value, struct kept);
} kept SEC(".maps");

SEC("tp_btf/sched_wakeup_new")
int use_everything(__u64* args) {
  struct task_struct* p = (struct task_struct*)args[0];
  struct kept* mine = bpf_task_storage_get(&kept, p, 0, 1 /* BPF_LOCAL_STORAGE_GET_F_CREATE */);
  struct schedhint_ctx hints = {.now = bpf_ktime_get_ns()};
  struct schedhint_feedback feedback = {.reader_id = 1, .seen_ns = hints.now};
  __u64 slack = 0;

  if (!mine) return 0;
  hints.known = &mine->known;
  if (!schedhint_lookup(&schedhint, p, &hints)) {
    mine->sum++;
    return 0;
  }
  mine->sum += schedhint_gc(&hints) + schedhint_in_pause(&hints) + schedhint_helps_gc(&hints) +
               schedhint_inherits(&hints) + schedhint_process_in_gc(&hints);
  if (!schedhint_read_group(&hints, &mine->group))
    schedhint_read_group_and_user(&hints, &mine->group, &mine->user);
  mine->sum += schedhint_urgency(&mine->group) + schedhint_is_batch(&mine->group);
  if (schedhint_slack(&mine->group, hints.now, &slack)) mine->sum += slack;
  if (schedhint_publish(&hints, &feedback)) schedhint_publish_process(&hints, 1, slack, 0, 0);
  return 0;
}
