/* SPDX-License-Identifier: GPL-2.0-only */
/* cpu.max: charges what a cgroup's tasks use, holds them at the limit, releases them from a timer.
 */
#ifndef LIMITS_BPF_H
#define LIMITS_BPF_H

#include "books.bpf.h"

#define NO_LIMIT_US (1ULL << 40) /* the kernel says ~0 */
#define RELEASED_AT_ONCE 1024    /* tasks of a cgroup, in a timer's call */
#define SIGNAL_GROUP_EXIT 4      /* include/linux/sched/signal.h */

__u32 limits; /* cgroups with a cpu.max */

/* One level of the tree; returns the parent's slot. A separate function for the verifier, which
 * would follow each turn of a loop through it. */
__noinline int charge_limit(__u32 slot, __u64 now, __u64 used) {
  struct book* book = book_at(slot);

  if (!book) return 0;
  if (!quota_charge(&book->until, &book->limit, now, used)) count(STAT_lostUpdates, 1);
  return book->parent;
}

#define LIMIT_REACHED MAX_BOOKS /* no slot's number */

/* One level again: the parent's slot, or that the limit is reached after `more_ns` that the
 * cgroup's tasks will have meanwhile. */
__noinline int look_at_limit(__u32 slot, __u64 now, __u64 more_ns) {
  struct book* book = book_at(slot);
  __u64 until;

  if (!book) return 0;
  until = book->until;
  if (more_ns) quota_charge(&until, &book->limit, now, more_ns);
  return is_throttled(until, &book->limit, now) ? LIMIT_REACHED : book->parent;
}

/* Has a cgroup of the task reached its limit? Kernel threads and tasks that end are never held:
 * others wait for what they have. */
static __always_inline bool throttled_after(struct task_struct* p, struct entity* entity, __u64 now,
                                            __u64 more_ns) {
  __u32 slot = entity->cgroup;

  if (p->flags & (PF_KTHREAD | PF_EXITING)) return false;
  if (BPF_CORE_READ(p, signal, flags) & SIGNAL_GROUP_EXIT) return false;
  for (int depth = 0; depth < MAX_DEPTH && slot && slot != LIMIT_REACHED; depth++)
    slot = look_at_limit(slot, now, more_ns);
  return slot == LIMIT_REACHED;
}

static __always_inline bool throttled(struct task_struct* p, struct entity* entity, __u64 now) {
  return limits && throttled_after(p, entity, now, 0);
}

static __always_inline void set_limit(struct book* book, __u64 period_us, __u64 quota_us,
                                      __u64 burst_us) {
  bool limited = quota_us < NO_LIMIT_US;

  if (limited != !!book->limit.quota_us) {
    __sync_fetch_and_add(&limits, limited ? 1 : -1);
    count(STAT_limits, limited ? 1 : -1);
  }
  book->limit.period_us = period_us;
  book->limit.burst_us = burst_us;
  book->limit.quota_us = limited ? quota_us : 0;
  if (!limited) book->until = 0;
}

static __always_inline void hold(struct task_struct* p, struct entity* entity, __u64 now,
                                 __u64 enq_flags) {
  if (!entity->held_since_ns) entity->held_since_ns = now;
  activate(entity, 0); /* its siblings share the weight meanwhile */
  count(STAT_held, 1);
  scx_bpf_dsq_insert_vtime(p, queue_id(QUEUE_HOLD, entity->cgroup), entity->slice_ns, now,
                           enq_flags);
}

static __always_inline void end_hold(struct entity* entity, __u64 now) {
  __u64 held = now > entity->held_since_ns ? now - entity->held_since_ns : 0;

  if (!entity->held_since_ns) return;
  entity->held_since_ns = 0;
  entity->throttled_ns += held;
  count(STAT_throttledNs, held);
}

/* Counted from here a loop's bound is no constant to the verifier, which would follow each turn. */
static volatile __u32 zero;

struct hold_timer {
  struct bpf_timer timer;
};

struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(max_entries, 1);
  __type(key, __u32);
  __type(value, struct hold_timer);
} hold_timers SEC(".maps");

/* Moves a task to the queue where it would wait if it were not held. Does not change its entity:
 * the runqueue is not locked here. */
static __always_inline void release(struct bpf_iter_scx_dsq* it, struct task_struct* p,
                                    const struct entity* entity, __u64 now, bool late) {
  __u32 number = entity->pin >= 0 ? (__u32)entity->pin : entity->llc;
  __u64 behind = to_virtual(settings.slice_ns, entity->weight);
  __u64 order = entity->due_ns, least = *clock_of(entity) - behind;
  __s32 cpu;

  if (!order) order = is_before(entity->key, least) ? least : entity->key;
  scx_bpf_dsq_move_set_slice(it, late ? settings.tick_ns : entity->slice_ns);
  scx_bpf_dsq_move_set_vtime(it, order);
  if (!scx_bpf_dsq_move_vtime(it, p, queue_id(entity->waits_in, number), 0)) return;
  if (late) count(STAT_heldTooLong, 1);
  cpu = entity->pin;
  if (cpu < 0) cpu = scx_bpf_pick_idle_cpu(p->cpus_ptr, 0);
  if (cpu >= 0) scx_bpf_kick_cpu(cpu, SCX_KICK_IDLE);
}

__noinline int release_from(__u32 slot, __u64 now) {
  struct bpf_iter_scx_dsq it;
  struct task_struct* p;
  __u64 released_ns = zero; /* each runs until a tick finds the limit reached */
  __u32 looked = zero;

  bpf_rcu_read_lock(); /* Linux 6.17 asks for it: the program that sets the timer may sleep */
  if (!bpf_iter_scx_dsq_new(&it, queue_id(QUEUE_HOLD, slot), 0)) {
    while ((p = bpf_iter_scx_dsq_next(&it)) && looked++ < RELEASED_AT_ONCE) {
      struct entity* entity = entity_of(p);
      bool late;

      if (!entity) continue;
      late = now - entity->held_since_ns > HELD_MOST_NS;
      if (throttled_after(p, entity, now, released_ns) && !late) break;
      released_ns += settings.tick_ns;
      release(&it, p, entity, now, late);
    }
  }
  bpf_iter_scx_dsq_destroy(&it);
  bpf_rcu_read_unlock();
  return 0;
}

static int release_held(void* map, __u32* key, struct hold_timer* timer) {
  __u64 now = bpf_ktime_get_ns();
  __s32 slot;

  bpf_for(slot, 1, (__s32)slots_end) {
    if (scx_bpf_dsq_nr_queued(queue_id(QUEUE_HOLD, slot)) > 0) release_from(slot, now);
  }
  if (limits) bpf_timer_start(&timer->timer, settings.tick_ns, 0);
  return 0;
}

/* Not from where a runqueue is locked: a timer's start may wake a thread. */
static __always_inline void start_timer(void) {
  __u32 only = 0;
  struct hold_timer* timer = bpf_map_lookup_elem(&hold_timers, &only);

  if (timer && limits) bpf_timer_start(&timer->timer, settings.tick_ns, 0);
}

static __always_inline __s32 init_timer(void) {
  __u32 only = 0;
  struct hold_timer* timer = bpf_map_lookup_elem(&hold_timers, &only);

  if (!timer) return -ENOENT;
  if (bpf_timer_init(&timer->timer, &hold_timers, CLOCK_MONOTONIC)) return -EINVAL;
  return bpf_timer_set_callback(&timer->timer, release_held);
}

#endif /* LIMITS_BPF_H */
