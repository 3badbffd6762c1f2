/* SPDX-License-Identifier: GPL-2.0-only */
/* Where a task stands: its place in a queue, and the clocks of the queues. */
#ifndef PLACE_BPF_H
#define PLACE_BPF_H

#include "cgroups.bpf.h"
#include "look.bpf.h"

static __always_inline struct policy_load* load_at(const struct entity* entity) {
  return entity->pin >= 0 ? &lane_at(entity->pin)->load : &llc_at(entity->llc)->load;
}

/* Counts a task where it asks for CPUs, with its weight; 0: it asks for none. */
static __always_inline void count_load(struct entity* entity, __u64 weight) {
  struct policy_load* load = load_at(entity);
  __s64 members = !!weight - !!entity->counted;

  if (members) __sync_fetch_and_add(&load->tasks, members);
  if (weight != entity->counted) __sync_fetch_and_add(&load->weight, weight - entity->counted);
  entity->counted = weight;
}

static __always_inline void set_ahead(struct entity* entity, bool ahead) {
  if (ahead == entity->ahead) return;
  entity->ahead = ahead;
  __sync_fetch_and_add(&llc_at(entity->llc)->hinted, ahead ? 1 : -1);
}

/* A task goes to the clock of another LLC, or of a CPU that it is bound to. */
static __always_inline void change_clock(struct entity* entity, __u32 llc, __s32 pin) {
  __u64 weight = entity->counted, from, to;
  bool ahead = entity->ahead;

  if (entity->pin == pin && entity->llc == llc) return;
  from = *clock_of(entity);
  count_load(entity, 0);
  set_ahead(entity, false);
  entity->llc = llc;
  entity->pin = pin;
  count_load(entity, weight);
  set_ahead(entity, ahead);
  to = *clock_of(entity);
  entity->vtime = carried(entity->vtime, from, to);
  entity->key = carried(entity->key, from, to);
}

/* What a task takes turns with. */
static __always_inline struct policy_load load_of(const struct entity* entity) {
  const struct llc* llc = llc_at(entity->llc);
  const struct lane* lane = lane_at(entity->pin);
  __u64 cpus = llc->load.cpus ? llc->load.cpus : 1;

  if (entity->pin < 0) return llc->load;
  return (struct policy_load){1, lane->load.tasks + llc->load.tasks / cpus,
                              lane->load.weight + llc->load.weight / cpus};
}

static __always_inline bool others_wait(const struct entity* entity) {
  const struct llc* llc = llc_at(entity->llc);
  const struct lane* lane = lane_at(entity->pin);

  if (llc->waiting[0] || llc->waiting[1]) return true;
  return entity->pin >= 0 && (lane->waiting[0] || lane->waiting[1]);
}

/* What hints brought beyond the share is owed, if others wait for it. */
static __always_inline void owe_cut(const struct entity* entity, __u64 cut) {
  if (cut && entity->hinted && others_wait(entity)) owe(entity, from_virtual(cut, entity->weight));
}

/* Where a lane stands is bounded when one of its tasks has its turn, and when the first comes. Not
 * while they wait: each look would put off those whose key is far. The first saved nothing up. But
 * those that compete may be behind by more than a slice, or they would not have their share: what
 * waits in the LLC's queue is behind the LLC's clock too. */
static __always_inline void bound_offset(const struct entity* entity, __u64 behind_slices) {
  struct lane* lane = lane_at(entity->pin);
  __u64 slice = to_virtual(settings.slice_ns, WEIGHT_NICE_0);

  owe_cut(entity, bound_lane(&lane->offset, lane->clock, llc_at(entity->llc)->clock,
                             behind_slices * slice, slice));
}

/* What its hints are worth now, in a crowd of others that hint; what it owes is looked at. */
static __always_inline __s64 credit_of(struct entity* entity, __u64 now) {
  __s64 credit = hint_credit(&entity->hints, now, settings.slice_ns);
  const struct llc* llc;

  if (credit > 0 && !buys(entity)) {
    entity->refused++;
    count(STAT_refused, 1);
    credit = 0;
  }
  set_ahead(entity, credit > 0);
  if (credit <= 0) return credit;
  llc = llc_at(entity->llc);
  return crowd_credit(credit, settings.slice_ns, llc->hinted, llc->load.cpus);
}

static __always_inline void place_slow(struct entity* entity, __u64 clock,
                                       const struct policy_load* load, __u64 now) {
  __u64 natural = natural_wait(clock, entity->key, load);
  __u64 wait = slow_wait(natural, entity->hints.batch, settings.slice_ns, load);
  bool goes_on = entity->slow_left_ns >= settings.tick_ns / 4; /* its turn was cut short */

  entity->slice_ns = goes_on ? entity->slow_left_ns
                             : slow_slice(entity->slice_ns, wait, natural, settings.tick_ns);
  entity->due_ns = goes_on ? now : now + wait;
}

/* Gives a task its place for the next turn, on the clock of LLC `to`. The only way into a queue, to
 * an idle CPU and to a turn that goes on. */
__noinline int place(struct task_struct* p __arg_trusted, struct entity* entity __arg_nonnull,
                     __u32 to, __u64 now) {
  __u64 clock, weight, slice = settings.slice_ns, asks, wish;
  struct policy_load load;
  bool alone = !entity->counted; /* if it comes, and no other task is in its queue */
  __s64 credit;

  look(p, entity, now);
  change_clock(entity, to, pin_of(p));
  clock = *clock_of(entity);
  weight = weight_of(flat_weight(p, entity), &entity->hints);
  entity->vtime = reweighted(entity->vtime, clock, entity->weight, weight);
  entity->weight = weight;
  credit = credit_of(entity, now);
  count_load(entity, entity->weight);
  if (entity->pin >= 0 && !lane_at(entity->pin)->waiting[0]) {
    alone = alone && load_at(entity)->tasks == 1;
    if (alone && is_before(clock, entity->vtime)) *clock_of(entity) = clock = entity->vtime;
    bound_offset(entity, alone ? 1 : LANE_BEHIND_SLICES);
  }
  load = load_of(entity);
  asks = entity->hints.batch ? BATCH_SLICES * slice : slice;
  owe_cut(entity, clamp_vtime(&entity->vtime, clock, to_virtual(asks, entity->weight)));
  entity->hinted = credit > 0;
  entity->slice_ns = turn_slice(slice, &entity->hints, &load, settings.tick_ns);
  entity->key = key_of(entity->vtime, asks, credit, entity->weight);
  entity->due_ns = 0;
  if (is_slow(clock, entity->key, slice, &load, entity->hints.batch))
    place_slow(entity, clock, &load, now);
  wish = entity->group.slice_us * 1000ULL;
  if (!acts_on(HINT_SLICE) || !wish || wish >= entity->slice_ns) return 0;
  entity->slice_ns = wish > settings.tick_ns ? wish : settings.tick_ns;
  count(STAT_shortened, 1);
  return 0;
}

/* On the clock of its LLC. */
static __always_inline __u64 llc_key(const struct entity* entity, __u64 key) {
  return entity->pin >= 0 ? key + lane_at(entity->pin)->offset : key;
}

/* After a task was taken from its queue, or was kept while others wait. */
static __always_inline void advance_clock(struct entity* entity) {
  __u64 *clock = clock_of(entity), was = *clock, to;

  if (entity->due_ns) return; /* it comes before its key */
  to = clock_after(was, entity->key, settings.slice_ns, entity->weight);
  if (to == was) return;
  if (entity->pin >= 0) {
    *clock = to;
    bound_offset(entity, LANE_BEHIND_SLICES);
    return;
  }
  if (__sync_val_compare_and_swap(clock, was, to) != was) return; /* another CPU moved it */
  if (topology.llcs > 1) __sync_fetch_and_add(&llc_at(entity->llc)->pace, to - was);
}

/* A turn that hints brought is defended as far as their credit goes, and not to its end: its key is
 * of this moment. So is that of a turn in which they begin. */
static __always_inline void defend_turn(struct task_struct* p, struct entity* entity,
                                        struct lane* lane, __u64 now) {
  __s64 credit;

  look(p, entity, now);
  credit = credit_of(entity, now);
  if (credit <= 0 && !entity->hinted) return;
  entity->hinted = true;
  lane->key = llc_key(
      entity, key_of(entity->vtime, settings.slice_ns, credit > 0 ? credit : 0, entity->weight));
}

#endif /* PLACE_BPF_H */
