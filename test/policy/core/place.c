// SPDX-License-Identifier: GPL-2.0-only
/* Where a task stands: its place in a queue, and the clocks of the queues. */
#include "state.h"

struct policy_hints hints_of(const struct sim_task* task) {
  struct policy_hints hints = {0};
  struct sim_hints found;

  if (task->kthread) return hints;
  sim_task_hints(task, &found);
  hints = (struct policy_hints){found.deadline_ns, found.runtime_ns, found.urgency, found.pause,
                                found.batch};
  return hints;
}

__u64* clock_of(const struct sim_task* task) {
  return is_pinned(task) ? &lanes[task->pin].clock : &llcs[entity_of(task)->llc].clock;
}

/* What it takes turns with. */
static struct policy_load load_of(const struct sim_task* task) {
  struct llc* llc = &llcs[entity_of(task)->llc];
  struct policy_load load = llc->load, *lane;

  if (!is_pinned(task)) return load;
  lane = &lanes[task->pin].load;
  return (struct policy_load){1, lane->tasks + load.tasks / load.cpus,
                              lane->weight + load.weight / load.cpus};
}

/* Counts it where it asks for CPUs, with its weight. */
void count_load(struct sim_task* task, int llc, __u64 weight, bool ahead) {
  struct entity* entity = entity_of(task);
  struct policy_load* load = is_pinned(task) ? &lanes[task->pin].load : &llcs[entity->llc].load;

  if (entity->counted) {
    load->tasks--;
    load->weight -= entity->counted;
  }
  llcs[entity->llc].hinted -= entity->ahead;
  llcs[llc].hinted += ahead;
  entity->ahead = ahead;
  entity->llc = llc;
  entity->counted = weight;
  if (!weight) return;
  load = is_pinned(task) ? &lanes[task->pin].load : &llcs[llc].load;
  load->tasks++;
  load->weight += weight;
}

static bool others_wait(const struct sim_task* task) {
  int llc = entity_of(task)->llc;

  if (sim_queued(llc_queue(llc)) || sim_queued(slow_llc_queue(llc))) return true;
  return is_pinned(task) &&
         (sim_queued(lane_queue(task->pin)) || sim_queued(slow_lane_queue(task->pin)));
}

/* What hints brought beyond the share is owed, if others wait for it. */
static void owe(const struct sim_task* task, __u64 cut) {
  const struct entity* entity = entity_of(task);

  if (cut && entity->hinted && others_wait(task))
    book_add(&book_of(task)->debt_ns, from_virtual(cut, entity->weight));
}

/* Where a lane stands is bounded when one of its tasks has its turn, and when the first comes. Not
 * while they wait: each look would put off those whose key is far. */
static void place_lane(const struct sim_task* task, __u64 behind_slices) {
  struct lane* lane = &lanes[task->pin];
  __u64 slice = to_virtual(SLICE_NS, WEIGHT_NICE_0);

  owe(task, bound_lane(&lane->offset, lane->clock, llcs[llc_of(task->pin)].clock,
                       behind_slices * slice, slice));
}

static __s64 credit_of(const struct sim_task* task, const struct policy_hints* hints) {
  return buys(task) ? hint_credit(hints, sim.now, SLICE_NS) : 0;
}

/* Gives a task its place for the next turn, on the clock of LLC `to`. */
void place(struct sim_task* task, int to) {
  struct entity* entity = entity_of(task);
  struct policy_hints hints = hints_of(task);
  struct policy_load load;
  __u64 asks, clock, weight, natural, wait;
  __s64 credit;
  bool alone, goes_on;

  if (!is_pinned(task) && entity->llc != to)
    entity->vtime = carried(entity->vtime, llcs[entity->llc].clock, llcs[to].clock);
  clock = is_pinned(task) ? lanes[task->pin].clock : llcs[to].clock;
  weight = flat_weight(task, &hints);
  entity->vtime = reweighted(entity->vtime, clock, entity->weight, weight);
  entity->weight = weight;
  credit = credit_of(task, &hints);
  alone = !entity->counted; /* if it comes, and no other task is in its queue */
  count_load(task, to, entity->weight, credit > 0);
  credit = crowd_credit(credit, SLICE_NS, llcs[to].hinted, llcs[to].load.cpus);
  if (is_pinned(task) && !sim_queued(lane_queue(task->pin))) {
    alone = alone && lanes[task->pin].load.tasks == 1;
    if (alone && is_before(clock, entity->vtime)) lanes[task->pin].clock = clock = entity->vtime;
    place_lane(task, alone ? 1 : LANE_BEHIND_SLICES);
  }
  load = load_of(task);
  asks = hints.batch ? BATCH_SLICES * SLICE_NS : SLICE_NS;
  owe(task, clamp_vtime(&entity->vtime, clock, to_virtual(asks, entity->weight)));
  entity->hinted = credit > 0;
  entity->slice_ns = turn_slice(SLICE_NS, &hints, &load, SIM_TICK_NS);
  entity->key = key_of(entity->vtime, asks, credit, entity->weight);
  entity->due_ns = 0;
  if (!is_slow(clock, entity->key, SLICE_NS, &load, hints.batch)) return;
  natural = natural_wait(clock, entity->key, &load);
  wait = slow_wait(natural, hints.batch, SLICE_NS, &load);
  goes_on = entity->slow_left_ns >= SIM_TICK_NS / 4; /* its turn was cut short */
  entity->slice_ns =
      goes_on ? entity->slow_left_ns : slow_slice(entity->slice_ns, wait, natural, SIM_TICK_NS);
  entity->due_ns = goes_on ? sim.now : sim.now + wait;
}

/* On the clock of its LLC. */
__u64 llc_key(const struct sim_task* task, __u64 key) {
  return is_pinned(task) ? key + lanes[task->pin].offset : key;
}

void advance_clock(struct sim_task* task) {
  struct entity* entity = entity_of(task);
  __u64* clock = clock_of(task);
  __u64 to = clock_after(*clock, entity->key, SLICE_NS, entity->weight);

  if (entity->due_ns) return; /* it comes before its key */
  if (!is_pinned(task)) llcs[entity->llc].pace += to - *clock;
  *clock = to;
  if (is_pinned(task)) place_lane(task, LANE_BEHIND_SLICES);
}

/* A turn that hints brought is defended as far as their credit goes, and not to its end: its key is
 * of this moment. So is that of a turn in which they begin. */
void defend_turn(struct sim_task* task) {
  struct entity* entity = entity_of(task);
  struct policy_hints hints = hints_of(task);
  __s64 credit = credit_of(task, &hints);

  if (credit <= 0 && !entity->hinted) return;
  count_load(task, entity->llc, entity->counted, credit > 0);
  credit = crowd_credit(credit, SLICE_NS, llcs[entity->llc].hinted, llcs[entity->llc].load.cpus);
  entity->hinted = true;
  lanes[task->cpu].key =
      llc_key(task, key_of(entity->vtime, SLICE_NS, credit > 0 ? credit : 0, entity->weight));
}
