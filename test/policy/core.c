// SPDX-License-Identifier: GPL-2.0-only
/*
 * Calls policy.h where the scheduler's BPF core will: the shape of that core.
 *
 * For the author of the BPF core, operation by operation.
 *
 * - State. Of a task, in task storage: struct entity. Of a CPU, in a per-CPU array: struct lane. Of
 *   an LLC, a cache line each: struct llc. Of a cgroup, an array of slots: struct book. Nothing is
 *   written by all CPUs at each event.
 * - A task that may run on one CPU only is in that CPU's queue (its lane), any other in its LLC's.
 *   A lane has a clock, because its tasks may get less than the LLC's; lane_offset() compares the
 *   two. entity.key is on the clock of the queue that the task is in; lane.key is on the LLC's.
 * - place() is the only way into a queue and to a kept turn: charge what ran, carry to the clock of
 *   the queue, clamp, book what was cut off, compute the key. select_cpu() does the same for an
 * idle CPU.
 * - The clock moves in running() if the task came out of a queue, and in dispatch() if a task is
 *   kept while others wait. An insertion into an idle CPU moves no clock.
 * - dispatch() sets the slice of a task that it keeps. So SCX_OPS_ENQ_LAST is needed: without it
 * the kernel keeps a task whose cgroup is throttled.
 * - tick() ends a turn early for a task that woke up in vain (all CPUs that it looked at had just
 *   begun their turns), so it needs the key at the head of two queues: scx_bpf_dsq_peek(), or an
 *   iterator's first step.
 * - `hinted` goes with the turn: what the clamp cuts off is a debt only if hints brought the turn.
 * A task alone on its CPU runs ahead of the clock all the time and owes nothing.
 * - The weight of a task is flattened at each place(). The BPF core may keep it until a generation
 *   counter of its cgroup's line changes, as scx_flatcg does.
 */
#include <stdbool.h>
#include <string.h>

#include "machine.h"
#ifndef __always_inline
#define __always_inline inline __attribute__((always_inline))
#endif
#include "../../scheduler/policy.h"

#define SLICE_NS (20 * POLICY_MS)

struct entity {
  __u64 vtime, key, weight, slice_ns;
  __u64 charged_ns, turn_ns, turn_vtime, extended_ns, held_since_ns;
  __u64 counted; /* the weight with which it is in a load; 0: it is in none */
  __u64 due_ns;  /* slow: when it is to run, whatever its key; else 0 */
  int llc;
  bool queued;  /* its turn comes out of a queue */
  bool hinted;  /* hints brought the turn, or a part of it */
  bool ahead;   /* counted in its LLC's `hinted` */
  bool active;  /* counted in its cgroup */
  bool in_lane; /* which clock vtime is on */
};

struct lane {
  __u64 clock, offset; /* offset: to the LLC's clock */
  __u64 key;           /* of the turn that runs here */
  __u64 kicked_ns;
  struct policy_load load; /* of the tasks that may run here only */
};

struct llc {
  __u64 clock;
  __u64 pace; /* how far the clock has moved while tasks waited; compared between LLCs */
  struct policy_load load;
  __u64 hinted; /* tasks that run or wait with a hint to go ahead */
  int first;
  unsigned looked;
};

struct book {
  __u64 debt_ns, used_ns;
  __u64 active_sum; /* weights of its active tasks and children */
  __u64 active;     /* how many */
  __u64 until;      /* cpu.max: see quota_charge() */
};

static struct entity entities[SIM_TASKS];
static struct lane lanes[SIM_CPUS];
static struct llc llcs[SIM_CPUS];
static struct book books[SIM_CGROUPS];

static int llc_of(int cpu) {
  return cpu / sim.llc_cpus;
}
static int llc_queue(int llc) {
  return llc;
}
static int lane_queue(int cpu) {
  return SIM_CPUS + cpu;
}
static int slow_llc_queue(int llc) {
  return 2 * SIM_CPUS + llc;
}
static int slow_lane_queue(int cpu) {
  return 3 * SIM_CPUS + cpu;
}
static int hold_queue(int cgroup) {
  return 4 * SIM_CPUS + cgroup;
}
static struct entity* entity_of(const struct sim_task* task) {
  return &entities[task->id];
}
static struct book* book_of(const struct sim_task* task) {
  return &books[task->cgroup];
}
static bool is_pinned(const struct sim_task* task) {
  return task->pin >= 0;
}
static bool is_for_kernel(const struct sim_task* task) {
  return task->kthread && is_pinned(task);
}

static struct policy_quota limit_of(int cgroup) {
  struct sim_cgroup* group = &sim.cgroup[cgroup];

  return (struct policy_quota){group->period_us, group->quota_us, group->burst_us};
}

static struct policy_hints hints_of(const struct sim_task* task) {
  struct policy_hints hints = {0};
  struct sim_hints found;

  if (task->kthread) return hints;
  sim_task_hints(task, &found);
  hints = (struct policy_hints){found.deadline_ns, found.runtime_ns, found.expect_ns,
                                found.urgency,     found.pause,      found.batch};
  return hints;
}

static bool buys(const struct sim_task* task) {
  return hints_buy(book_of(task)->debt_ns, book_of(task)->used_ns);
}

/* Up the tree to the children of the root, as scx_flatcg. */
static __u64 flat_weight(const struct sim_task* task, const struct policy_hints* hints) {
  __u64 weight = (__u64)task->weight << WEIGHT_SHIFT;

  for (int group = task->cgroup; group; group = sim.cgroup[group].parent)
    weight =
        flattened(weight, (__u64)sim.cgroup[group].weight << WEIGHT_SHIFT, books[group].active_sum);
  return weight_of(weight, hints);
}

static void activate(struct sim_task* task, bool is_active) {
  __u64 weight = (__u64)task->weight << WEIGHT_SHIFT;

  if (entity_of(task)->active == is_active) return;
  entity_of(task)->active = is_active;
  for (int group = task->cgroup; group; group = sim.cgroup[group].parent) {
    books[group].active_sum += is_active ? weight : -weight;
    books[group].active += is_active ? 1 : -1;
    if (books[group].active != is_active) return; /* the group was active before, or still is */
    weight = (__u64)sim.cgroup[group].weight << WEIGHT_SHIFT;
  }
}

/* After `more_ns` of CPU time that its cgroup will have meanwhile. */
static bool throttled_after(const struct sim_task* task, __u64 more_ns) {
  if (task->kthread) return false; /* nor one that exits */
  for (int group = task->cgroup; group; group = sim.cgroup[group].parent) {
    struct policy_quota limit = limit_of(group);
    __u64 until = books[group].until;

    quota_charge(&until, &limit, sim.now, more_ns);
    if (is_throttled(until, &limit, sim.now)) return true;
  }
  return false;
}

static bool throttled(const struct sim_task* task) {
  return throttled_after(task, 0);
}

static void charge(struct sim_task* task) {
  struct entity* entity = entity_of(task);
  struct book* book = book_of(task);
  __u64 used = sim.now - entity->charged_ns;

  entity->charged_ns = sim.now;
  book_add(&book->used_ns, used);
  for (int group = task->cgroup; group; group = sim.cgroup[group].parent) {
    struct policy_quota limit = limit_of(group);

    quota_charge(&books[group].until, &limit, sim.now, used);
  }
  if (book->debt_ns) used += book_take(&book->debt_ns, used / SURCHARGE_PART);
  entity->vtime += to_virtual(used, entity->weight);
}

static __u64* clock_of(const struct sim_task* task) {
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
static void count_load(struct sim_task* task, int llc, __u64 weight, bool ahead) {
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
static void place_lane(const struct sim_task* task) {
  struct lane* lane = &lanes[task->pin];

  owe(task, bound_lane(&lane->offset, lane->clock, llcs[llc_of(task->pin)].clock,
                       to_virtual(SLICE_NS, WEIGHT_NICE_0)));
}

/* Gives a task its place for the next turn, on the clock of LLC `to`. */
static void place(struct sim_task* task, int to) {
  struct entity* entity = entity_of(task);
  struct policy_hints hints = hints_of(task);
  struct policy_load load;
  __u64 clock, natural, wait;
  __s64 credit = 0;

  if (!is_pinned(task) && entity->llc != to)
    entity->vtime = carried(entity->vtime, llcs[entity->llc].clock, llcs[to].clock);
  entity->weight = flat_weight(task, &hints);
  if (buys(task)) credit = hint_credit(&hints, sim.now, SLICE_NS);
  count_load(task, to, entity->weight, credit > 0);
  credit = crowd_credit(credit, SLICE_NS, llcs[to].hinted, llcs[to].load.cpus);
  if (is_pinned(task) && !sim_queued(lane_queue(task->pin))) place_lane(task);
  load = load_of(task);
  clock = *clock_of(task);
  owe(task, clamp_vtime(&entity->vtime, clock, to_virtual(SLICE_NS, entity->weight)));
  entity->hinted = credit > 0;
  entity->slice_ns = turn_slice(SLICE_NS, &hints, &load, SIM_TICK_NS);
  entity->key = key_of(entity->vtime, hints.batch ? BATCH_SLICES * SLICE_NS : SLICE_NS, credit,
                       entity->weight);
  entity->due_ns = 0;
  if (!is_slow(clock, entity->key, SLICE_NS, &load)) return;
  natural = natural_wait(clock, entity->key, &load);
  wait = slow_wait(natural, hints.batch, SLICE_NS, &load);
  entity->slice_ns = slow_slice(entity->slice_ns, wait, natural, SIM_TICK_NS);
  entity->due_ns = sim.now + wait;
}

/* On the clock of its LLC. */
static __u64 llc_key(const struct sim_task* task, __u64 key) {
  return is_pinned(task) ? key + lanes[task->pin].offset : key;
}

static void advance_clock(struct sim_task* task) {
  struct entity* entity = entity_of(task);
  __u64* clock = clock_of(task);
  __u64 to = clock_after(*clock, entity->key, SLICE_NS, entity->weight);

  if (entity->due_ns) return; /* it comes before its key */
  if (!is_pinned(task)) llcs[entity->llc].pace += to - *clock;
  *clock = to;
  if (is_pinned(task)) place_lane(task);
}

static void begin_turn(struct sim_task* task) {
  struct entity* entity = entity_of(task);

  entity->turn_ns = sim.now;
  entity->turn_vtime = entity->vtime;
  entity->extended_ns = 0;
  /* A slow task that is due has the right to its turn against all but those that wake up. */
  lanes[task->cpu].key = entity->due_ns && entity->due_ns <= sim.now ? llcs[llc_of(task->cpu)].clock
                                                                     : llc_key(task, entity->key);
}

static int select_cpu(struct sim_task* task, int previous) {
  int cpu = sim_select_idle(task, previous);

  if (cpu < 0) return previous;
  activate(task, true);
  place(task, llc_of(cpu));
  sim_insert(task, SIM_LOCAL(cpu), entity_of(task)->slice_ns, 0);
  return cpu;
}

/* Of two CPUs: its own, and one at random of the LLC. */
static void try_preempt(struct sim_task* task) {
  struct entity* entity = entity_of(task);
  struct llc* llc = &llcs[entity->llc];
  __u64 key = llc_key(task, entity->key);
  int chosen = task->cpu, other = llc->first + sim_random() % llc->load.cpus;
  struct lane* lane;

  if (!is_pinned(task) && time_before(lanes[chosen].key, lanes[other].key)) chosen = other;
  lane = &lanes[chosen];
  if (!sim.cpu[chosen].runs) return;
  if (!preempts(key, lane->key, sim.now - entity_of(sim.cpu[chosen].runs)->turn_ns,
                sim.now - lane->kicked_ns))
    return;
  lane->kicked_ns = sim.now;
  entity->vtime += to_virtual(PREEMPT_COST_NS, entity->weight);
  sim_kick(chosen, SIM_PREEMPT);
}

static int queue_of(const struct sim_task* task) {
  struct entity* entity = entity_of(task);

  if (is_pinned(task)) return entity->due_ns ? slow_lane_queue(task->pin) : lane_queue(task->pin);
  return entity->due_ns ? slow_llc_queue(entity->llc) : llc_queue(entity->llc);
}

static __u64 order_of(const struct sim_task* task) {
  return entity_of(task)->due_ns ? entity_of(task)->due_ns : entity_of(task)->key;
}

static void enqueue(struct sim_task* task, unsigned flags) {
  struct entity* entity = entity_of(task);
  int idle;

  activate(task, true);
  if (is_for_kernel(task)) {
    sim_insert(task, SIM_LOCAL(task->pin), SLICE_NS, SIM_PREEMPT);
    return;
  }
  place(task, llc_of(task->cpu));
  if (throttled(task)) {
    if (!entity->held_since_ns) entity->held_since_ns = sim.now;
    sim_insert_vtime(task, hold_queue(task->cgroup), entity->slice_ns, sim.now);
    return;
  }
  entity->queued = true;
  sim_insert_vtime(task, queue_of(task), entity->slice_ns, order_of(task));
  idle = sim_select_idle(task, task->cpu);
  if (idle >= 0)
    sim_kick(idle, 0);
  else if ((flags & SIM_WAKEUP) && !entity->due_ns)
    try_preempt(task);
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
    if (time_before(llcs[other].pace + 4 * SLICE_NS, llc->pace))
      llcs[other].pace = llc->pace - 4 * SLICE_NS;
    if (theirs && !queued) {
      return other;
    } else if (theirs && time_before(llcs[other].pace + SLICE_NS, llc->pace)) {
      return other;
    }
    if (queued) return -1;
  }
  return slow;
}

/* The first that waits in an LLC, on the clock of `own`. */
static bool head_key(int llc, int own, __u64* key) {
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
  if (pinned && time_before(key, until) && (!waits || !time_before(first, key)))
    return sim_move_to_local(lane_queue(cpu), cpu);
  if (waits && time_before(first, until) && sim_move_to_local(llc_queue(from), cpu)) return true;
  /* The LLC's head may not run here: what is in the lane can. */
  return pinned && time_before(key, until) && sim_move_to_local(lane_queue(cpu), cpu);
}

#define FAR_AWAY (1ULL << 62) /* virtual: later than any key */

static void dispatch(int cpu, struct sim_task* previous) {
  int own = llc_of(cpu), other = -1;
  bool stays = previous && !is_for_kernel(previous);
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

static void running(struct sim_task* task) {
  struct entity* entity = entity_of(task);

  if (!is_pinned(task) && entity->llc != llc_of(task->cpu)) {
    __u64 from = llcs[entity->llc].clock, to = llcs[llc_of(task->cpu)].clock;

    if (entity->queued) advance_clock(task); /* it was the first there */
    count_load(task, llc_of(task->cpu), entity->weight, entity->ahead);
    entity->vtime = carried(entity->vtime, from, to);
    entity->key = carried(entity->key, from, to);
    entity->queued = false;
  }
  entity->charged_ns = sim.now;
  entity->held_since_ns = 0;
  if (entity->queued) advance_clock(task);
  entity->queued = false;
  begin_turn(task);
}

static void stopping(struct sim_task* task, bool runnable) {
  (void)runnable;
  charge(task);
}

/* Has somebody woken up who should run here? */
static bool should_yield(int cpu, const struct entity* entity) {
  struct sim_task* pinned = sim_first(lane_queue(cpu));
  __u64 ran = sim.now - entity->turn_ns, key;

  if (pinned && preempts(llc_key(pinned, pinned->vtime), lanes[cpu].key, ran, ~0ULL)) return true;
  return head_key(llc_of(cpu), llc_of(cpu), &key) && preempts(key, lanes[cpu].key, ran, ~0ULL);
}

static void tick(struct sim_task* task) {
  struct entity* entity = entity_of(task);
  struct policy_hints hints = hints_of(task);

  charge(task);
  /* A turn that hints brought is defended as far as their credit goes, and not to its end. */
  if (entity->hinted)
    lanes[task->cpu].key = llc_key(task, entity->key + entity->vtime - entity->turn_vtime);
  if (throttled(task) || should_yield(task->cpu, entity)) {
    task->slice_ns = 0;
    return;
  }
  if (task->slice_ns || !hints.pause || !buys(task)) return;
  /* Those that can run nowhere else come first. */
  if (sim_queued(SIM_LOCAL(task->cpu)) || sim_queued(lane_queue(task->cpu)) ||
      sim_queued(slow_lane_queue(task->cpu)))
    return;
  if (!pause_goes_on(entity->extended_ns, hints.expect_ns, SIM_TICK_NS)) return;
  entity->extended_ns += SIM_TICK_NS;
  entity->hinted = true;
  task->slice_ns = SIM_TICK_NS;
}

static void quiescent(struct sim_task* task) {
  activate(task, false);
  count_load(task, entity_of(task)->llc, 0, false);
}
static void runnable(struct sim_task* task) {
  activate(task, true);
}

static void init_task(struct sim_task* task, struct sim_task* parent) {
  struct entity* entity = entity_of(task);
  struct policy_hints hints = hints_of(task);
  __u64 clock;

  *entity = (struct entity){.llc = llc_of(task->cpu)};
  entity->weight = flat_weight(task, &hints);
  clock = *clock_of(task);
  entity->vtime = clock;
  if (!parent) return;
  charge(parent); /* a child begins where its parent stands, and not before the clock */
  if (entity_of(parent)->llc == entity->llc && time_before(clock, entity_of(parent)->vtime))
    entity->vtime = entity_of(parent)->vtime;
  entity->hinted = entity_of(parent)->hinted;
}

static void exit_task(struct sim_task* task) {
  struct entity* entity = entity_of(task);
  __u64 clock = *clock_of(task);

  activate(task, false);
  if (entity->hinted && time_before(clock, entity->vtime))
    book_add(&book_of(task)->debt_ns, from_virtual(entity->vtime - clock, entity->weight));
}

/* Releases those that were held. */
static void timer(void) {
  for (int group = 1; group < sim.cgroups; group++) {
    struct sim_task* task;
    __u64 released_ns = 0; /* each will run until a tick finds the limit reached */

    while (released_ns < 1024 * SIM_TICK_NS && (task = sim_first(hold_queue(group)))) {
      struct entity* entity = entity_of(task);
      bool is_late = sim.now - entity->held_since_ns > HELD_MOST_NS;
      int idle;

      if (throttled_after(task, released_ns) && !is_late) break;
      released_ns += SIM_TICK_NS;
      place(task, entity->llc);
      if (is_late) entity->slice_ns = SIM_TICK_NS;
      entity->queued = true;
      task->slice_ns = entity->slice_ns;
      sim_move_vtime(task, queue_of(task), order_of(task));
      idle = sim_select_idle(task, task->cpu);
      if (idle >= 0) sim_kick(idle, 0);
    }
  }
}

static void init(void) {
  memset(entities, 0, sizeof(entities));
  memset(lanes, 0, sizeof(lanes));
  memset(llcs, 0, sizeof(llcs));
  memset(books, 0, sizeof(books));
  for (int cpu = 0; cpu < sim.cpus; cpu++) {
    struct llc* llc = &llcs[llc_of(cpu)];

    if (!llc->load.cpus++) llc->first = cpu;
  }
}

const struct sim_policy new_policy = {
    .name = "new",
    .enqueues_last = true,
    .init = init,
    .select_cpu = select_cpu,
    .enqueue = enqueue,
    .dispatch = dispatch,
    .tick = tick,
    .runnable = runnable,
    .running = running,
    .stopping = stopping,
    .quiescent = quiescent,
    .init_task = init_task,
    .exit_task = exit_task,
    .timer = timer,
};
