// SPDX-License-Identifier: GPL-2.0-only
/*
 * A first-in-first-out scheduler, as small as they come, that reads schedhint's hints. The lines
 * marked `hints` are what it takes; docs/writing-a-scheduler.md goes through them.
 *
 * Not for use: it believes every hint, so a thread that says for ever that it is inside a
 * pause goes ahead of the others for ever. scx_schedhint.bpf.c shows how to bound that.
 */
#include <scx/common.bpf.h>
/* After scx's header, which has the kernel's types. */
#include <schedhint/schedhint.bpf.h> /* hints */

char LICENSE[] SEC("license") = "GPL";

SCHEDHINT_MAP(schedhint); /* hints */

enum { QUEUE = 1, AHEAD = 2 };
#define SLICE_NS 20000000

static u32 reader_id; /* hints */

void BPF_STRUCT_OPS(fifo_enqueue, struct task_struct* p, u64 enq_flags) {
  struct schedhint_ctx hints = {.now = bpf_ktime_get_ns()}; /* hints */
  bool ahead;

  schedhint_lookup(&schedhint, p, &hints);                          /* hints */
  ahead = schedhint_in_pause(&hints) || schedhint_helps_gc(&hints); /* hints */
  scx_bpf_dsq_insert(p, ahead ? AHEAD : QUEUE, SLICE_NS, enq_flags);
}

void BPF_STRUCT_OPS(fifo_dispatch, s32 cpu, struct task_struct* prev) {
  struct schedhint_ctx hints = {.now = bpf_ktime_get_ns()};

  if (prev && (prev->scx.flags & SCX_TASK_QUEUED) && schedhint_lookup(&schedhint, prev, &hints) &&
      schedhint_in_pause(&hints)) {
    scx_bpf_task_set_slice(prev, SLICE_NS); /* hints: with a slice left it keeps the CPU */
    return;
  }
  if (!scx_bpf_dsq_move_to_local(AHEAD, 0)) scx_bpf_dsq_move_to_local(QUEUE, 0);
}

/* hints: what the scheduler publishes to the thread. With the runqueue locked, so there is one
 * writer. */
void BPF_STRUCT_OPS(fifo_running, struct task_struct* p) {
  struct schedhint_ctx hints = {.now = bpf_ktime_get_ns()};
  struct schedhint_feedback feedback = {
      .seen_ns = hints.now,
      .flags = SCHEDHINT_R_GC | SCHEDHINT_R_HELPERS,
      .reader_id = reader_id,
  };

  if (schedhint_lookup(&schedhint, p, &hints)) schedhint_publish(&hints, &feedback);
}

s32 BPF_STRUCT_OPS_SLEEPABLE(fifo_init) {
  s32 error = scx_bpf_create_dsq(QUEUE, -1);

  reader_id = bpf_get_prandom_u32() | 1; /* hints */
  return error ?: scx_bpf_create_dsq(AHEAD, -1);
}

/* hints: another program was started in this task, and the block is the old one's. */
SEC("tp_btf/sched_process_exec")
int BPF_PROG(fifo_exec, struct task_struct* p) {
  bpf_task_storage_delete(&schedhint, p);
  return 0;
}

SCX_OPS_DEFINE(fifo_ops, .enqueue = (void*)fifo_enqueue, .dispatch = (void*)fifo_dispatch,
               .running = (void*)fifo_running, .init = (void*)fifo_init, .timeout_ms = 20000,
               .name = "schedhint_fifo");
