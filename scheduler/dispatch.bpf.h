/* SPDX-License-Identifier: GPL-2.0-only */
/* Who is next on a CPU: the heads of the queues that it serves, or the task that has it. */
#ifndef DISPATCH_BPF_H
#define DISPATCH_BPF_H

#include "place.bpf.h"

#define FAR_AWAY (1ULL << 62) /* virtual: later than any key */
#define LLCS_LOOKED_AT 4

static __always_inline void begin_turn(struct entity* entity, struct lane* lane, __u32 llc,
                                       __u64 now) {
  bool is_due = entity->due_ns && entity->due_ns <= now;

  entity->slow_left_ns = entity->due_ns ? entity->slice_ns : 0;
  lane->turn_ns = now;
  lane->key = is_due ? key_of_due(llc_at(llc)->clock) : llc_key(entity, entity->key);
}

/* The order of the first in a queue: false if it is empty. */
static __always_inline bool first_in(__u64 queue, __u64* order) {
  struct task_struct* p = __COMPAT_scx_bpf_dsq_peek(queue);

  if (!p) return false;
  *order = p->scx.dsq_vtime;
  return true;
}

/* The key of the first that waits in an LLC, on the clock of `own`. */
static __always_inline bool head_key(__u32 llc, __u32 own, __u64* key) {
  if (!llc_at(llc)->waiting[0] || !first_in(queue_id(QUEUE_LLC, llc), key)) return false;
  *key = carried(*key, llc_at(llc)->clock, llc_at(own)->clock);
  return true;
}

/* The LLC whose head this CPU should take before its own LLC's; -1: none. One other is looked at if
 * tasks wait here: it is behind if its clock is. If none waits here, the four nearest. */
static __always_inline __s32 llc_behind(__u32 own) {
  struct llc* llc = llc_at(own);
  __u32 all = topology.llcs, looks = all - 1 < LLCS_LOOKED_AT ? all - 1 : LLCS_LOOKED_AT;
  bool queued = scx_bpf_dsq_nr_queued(queue_id(QUEUE_LLC, own)) > 0;
  __s32 slow = -1;

  if (all < 2) return -1;
  for (__u32 i = 0; i < LLCS_LOOKED_AT && i < looks; i++) {
    __u32 other = (own + 1 + llc->looked++ % (all - 1)) % all;
    struct llc* theirs = llc_at(other);
    bool waits = scx_bpf_dsq_nr_queued(queue_id(QUEUE_LLC, other)) > 0;

    if (!queued && !waits && scx_bpf_dsq_nr_queued(queue_id(QUEUE_SLOW_LLC, other)) > 0)
      slow = other;
    /* An idle one is not behind for long. */
    if (is_before(theirs->pace + 4 * settings.slice_ns, llc->pace))
      theirs->pace = llc->pace - 4 * settings.slice_ns;
    if (waits && !queued) return other;
    if (waits && is_before(theirs->pace + settings.slice_ns / 2, llc->pace)) return other;
    if (queued) return -1;
  }
  return slow;
}

static __always_inline bool take(enum queue kind, __u32 number) {
  return scx_bpf_dsq_move_to_local(queue_id(kind, number), 0);
}

/* Takes the first slow task that is due before `until`, of this CPU's or its LLC's. */
static __always_inline bool take_slow(struct lane* lane, __s32 cpu, __u32 own, __u64 until) {
  __u64 pinned_ns = ~0ULL, other_ns = ~0ULL;
  bool pinned = lane->waiting[1] && first_in(queue_id(QUEUE_SLOW_LANE, cpu), &pinned_ns);
  bool other = llc_at(own)->waiting[1] && first_in(queue_id(QUEUE_SLOW_LLC, own), &other_ns);

  if (pinned && pinned_ns <= until && pinned_ns <= other_ns) return take(QUEUE_SLOW_LANE, cpu);
  return other && other_ns <= until && take(QUEUE_SLOW_LLC, own);
}

/* Takes the earlier of the heads of the lane and an LLC, if it is before `until`. */
static __always_inline bool take_first(struct lane* lane, __s32 cpu, __u32 from, __u32 own,
                                       bool bounded, __u64 until) {
  __u64 first = until, key = until;
  bool pinned, waits;

  if (!lane->waiting[0] && !bounded) return take(QUEUE_LLC, from); /* nothing to compare */
  pinned = lane->waiting[0] && first_in(queue_id(QUEUE_LANE, cpu), &key);
  waits = head_key(from, own, &first);
  if (pinned) key += lane->offset;
  pinned = pinned && is_before(key, until);
  if (pinned && (!waits || !is_before(first, key)) && take(QUEUE_LANE, cpu)) return true;
  if (waits && is_before(first, until) && take(QUEUE_LLC, from)) return true;
  /* The LLC's head may not run here: what is in the lane can. */
  return pinned && take(QUEUE_LANE, cpu);
}

static __always_inline void keep(struct task_struct* p, struct entity* entity, struct lane* lane,
                                 __u32 own, __u64 now) {
  scx_bpf_task_set_slice(p, entity->slice_ns);
  begin_turn(entity, lane, own, now);
  count(STAT_kept, 1);
}

/* Called when a CPU has nothing left to do: its task has used up its slice, or sleeps. A task that
 * is left with a slice keeps the CPU. */
void BPF_STRUCT_OPS(schedhint_dispatch, s32 cpu, struct task_struct* prev) {
  bool stays = prev && (prev->scx.flags & SCX_TASK_QUEUED);
  struct entity* entity = stays ? entity_of(prev) : 0;
  struct lane* lane = lane_at(cpu);
  __u64 now = bpf_ktime_get_ns(), until;
  __u32 own = llc_of(cpu);
  __s32 other;

  until = llc_at(own)->clock + FAR_AWAY;
  if (entity) charge(entity, now);
  stays = entity && !throttled(prev, entity, now);
  if (stays) {
    place(prev, entity, own, now);
    if (!entity->due_ns) until = llc_key(entity, entity->key);
  }
  if (take_slow(lane, cpu, own, now)) return;
  other = llc_behind(own);
  if (other >= 0 && take_first(lane, cpu, other, own, stays, until)) {
    count(STAT_otherLlc, 1);
    return;
  }
  if (take_first(lane, cpu, own, own, stays, until)) return;
  if (stays && !entity->due_ns) {
    if (entity->pin >= 0 || llc_at(own)->waiting[0]) advance_clock(entity);
    keep(prev, entity, lane, own, now);
    return;
  }
  if (take_slow(lane, cpu, own, stays ? entity->due_ns : ~0ULL)) return;
  if (stays)
    keep(prev, entity, lane, own, now);
  else if (other >= 0 && take(QUEUE_SLOW_LLC, other))
    count(STAT_otherLlc, 1);
}

#endif /* DISPATCH_BPF_H */
