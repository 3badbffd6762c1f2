// SPDX-License-Identifier: GPL-2.0-only
/* Who is next on a CPU: the heads of the queues that it serves, or the task that has it. */
#include "state.h"

void begin_turn(struct sim_task* task) {
  struct entity* entity = entity_of(task);

  entity->turn_ns = sim.now;
  entity->slow_left_ns = entity->due_ns ? entity->slice_ns : 0;
  lanes[task->cpu].key = entity->due_ns && entity->due_ns <= sim.now
                             ? key_of_due(llcs[llc_of(task->cpu)].clock)
                             : llc_key(task, entity->key);
}

/* The LLC whose head this CPU should take before its own LLC's; -1: none. One other is looked at if
 * tasks wait here: it is behind if its clock is. If none waits here, the four nearest. */
static int llc_behind(int own) {
  struct llc* llc = &llcs[own];
  int all = (sim.cpus + sim.llc_cpus - 1) / sim.llc_cpus, queued = sim_queued(llc_queue(own));
  int looks = all - 1 < 4 ? all - 1 : 4, slow = -1;

  for (int i = 0; i < looks; i++) {
    int other = (own + 1 + llc->looked++ % (all - 1)) % all;
    int theirs = sim_queued(llc_queue(other));

    if (!queued && !theirs && sim_queued(slow_llc_queue(other))) slow = other;
    /* An idle one is not behind for long. */
    if (is_before(llcs[other].pace + 4 * SLICE_NS, llc->pace))
      llcs[other].pace = llc->pace - 4 * SLICE_NS;
    if (theirs && !queued) return other;
    if (theirs && is_before(llcs[other].pace + SLICE_NS / 2, llc->pace)) return other;
    if (queued) return -1;
  }
  return slow;
}

/* The first that waits in an LLC, on the clock of `own`. */
bool head_key(int llc, int own, __u64* key) {
  struct sim_task* head = sim_first(llc_queue(llc));

  if (head) *key = carried(head->vtime, llcs[llc].clock, llcs[own].clock);
  return head;
}

static void keep(struct sim_task* previous) {
  previous->slice_ns = entity_of(previous)->slice_ns;
  begin_turn(previous);
}

/* Takes the first slow task that is due before `until`, of this CPU's or its LLC's. */
static bool take_slow(int cpu, __u64 until) {
  struct sim_task* pinned = sim_first(slow_lane_queue(cpu));
  struct sim_task* other = sim_first(slow_llc_queue(llc_of(cpu)));

  if (pinned && pinned->vtime <= until && (!other || pinned->vtime <= other->vtime))
    return sim_move_to_local(slow_lane_queue(cpu), cpu);
  return other && other->vtime <= until && sim_move_to_local(slow_llc_queue(llc_of(cpu)), cpu);
}

/* Takes the earlier of the heads of the lane and an LLC, if it is before `until`. */
static bool take_first(int cpu, int from, __u64 until) {
  struct sim_task* pinned = sim_first(lane_queue(cpu));
  __u64 first = until, key = until;
  bool waits = head_key(from, llc_of(cpu), &first);

  if (pinned) key = llc_key(pinned, pinned->vtime);
  if (pinned && is_before(key, until) && (!waits || !is_before(first, key)))
    return sim_move_to_local(lane_queue(cpu), cpu);
  if (waits && is_before(first, until) && sim_move_to_local(llc_queue(from), cpu)) return true;
  /* The LLC's head may not run here: what is in the lane can. */
  return pinned && is_before(key, until) && sim_move_to_local(lane_queue(cpu), cpu);
}

#define FAR_AWAY (1ULL << 62) /* virtual: later than any key */

void dispatch(int cpu, struct sim_task* previous) {
  int own = llc_of(cpu), other = -1;
  bool stays = previous;
  struct entity* entity = stays ? entity_of(previous) : 0;
  __u64 until = llcs[own].clock + FAR_AWAY;

  if (stays) {
    charge(previous);
    stays = !throttled(previous);
  }
  if (stays) {
    place(previous, own);
    if (!entity->due_ns) until = llc_key(previous, entity->key);
  }
  if (take_slow(cpu, sim.now)) return;
  if (sim.cpus > sim.llc_cpus) other = llc_behind(own);
  if (other >= 0 && take_first(cpu, other, until)) return;
  if (take_first(cpu, own, until)) return;
  if (stays && !entity->due_ns) {
    if (is_pinned(previous) || sim_queued(llc_queue(own))) advance_clock(previous);
    keep(previous);
    return;
  }
  if (take_slow(cpu, stays ? entity->due_ns : ~0ULL)) return;
  if (stays)
    keep(previous);
  else if (other >= 0)
    sim_move_to_local(slow_llc_queue(other), cpu);
}
