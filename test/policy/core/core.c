// SPDX-License-Identifier: GPL-2.0-only
/*
 * Calls policy.h where the scheduler's BPF core will: the shape of that core, for its author.
 *
 * - State (state.h). Of a task: struct entity, in task storage. Of a CPU: struct lane. Of an
 *   LLC: struct llc, a cache line each. Of a cgroup: struct book, in an array of slots. No word
 *   is written by all CPUs at each event.
 * - Queues. A task that may run on one CPU only is in that CPU's queue, its lane; others are in
 *   their LLC's. Each of the two has a second one, for tasks that are slow (is_slow()), in the
 *   order of the times when they are due. A cgroup with cpu.max has one for those that are held.
 * - A lane has a clock, because its tasks may get less than the LLC's do; lane.offset compares
 *   the two. entity.key is on the clock of the task's queue; lane.key, of the turn that runs, is
 *   on the LLC's.
 * - place() is the only way into a queue, into an idle CPU and to a kept turn. It charges
 *   nothing: charge() does, always before it, in tick(), stopping() and dispatch().
 * - The clock moves in running() if the task came out of a queue, and in dispatch() if a task is
 *   kept while others wait. What is inserted into an idle CPU moves no clock, and a slow task
 *   none.
 * - dispatch() sets the slice of a task that it keeps. It needs SCX_OPS_ENQ_LAST: without that
 *   the kernel keeps a task that is alone, also if its cgroup is throttled.
 * - tick() looks at the hints again (defend_turn()), and ends a turn for a task that woke up in
 *   vain, when both CPUs that it looked at had just begun their turns. So it reads the keys at
 *   the heads of two queues: scx_bpf_dsq_peek(), or the first step of an iterator.
 * - entity.hinted belongs to the turn: what a clamp cuts off is debt only if hints brought it. A
 *   task that had a CPU alone is ahead of the clock, and owes nothing.
 * - The weight is flattened at each place(). The BPF core may keep it until a generation counter
 *   of the cgroup's ancestors changes, as scx_flatcg does.
 * - struct policy_load is counted at each place() and in quiescent(), with atomic adds: its
 *   words are in the line of the LLC's clock, which the same operations write.
 * - In BPF place() and charge() are global functions: the verifier judges each alone.
 *   test/policy/bpf has place()'s arithmetic in one, 18,000 steps; all of policy.h in one
 *   program went over the limit of 1,000,000.
 * - Not here: exec, cgroup moves, the end of a cgroup (its debt goes to the parent), hotplug,
 *   RT.
 */
#include <string.h>

#include "state.h"

struct entity entities[SIM_TASKS];
struct lane lanes[SIM_CPUS];
struct llc llcs[SIM_CPUS];
struct book books[SIM_CGROUPS];

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

  if (!is_pinned(task) && is_before(lanes[chosen].key, lanes[other].key)) chosen = other;
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
  const struct llc* llc = &llcs[llc_of(task->cpu)];
  int idle;

  activate(task, true);
  place(task, llc_of(task->cpu));
  /* Those that are not short take turns: in their CPU's queue, and with the LLC's if tasks wait. */
  if (is_for_kernel(task) && !entity->due_ns &&
      is_short(entity->vtime, *clock_of(task), SLICE_NS, entity->weight) &&
      (!sim_queued(llc_queue(llc_of(task->cpu))) ||
       is_short(llc_key(task, entity->vtime), llc->clock, SLICE_NS, entity->weight))) {
    sim_insert(task, SIM_LOCAL(task->pin), entity->slice_ns, SIM_PREEMPT);
    return;
  }
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

static void running(struct sim_task* task) {
  struct entity* entity = entity_of(task);

  if (!is_pinned(task) && entity->llc != llc_of(task->cpu)) {
    __u64 from, to = llcs[llc_of(task->cpu)].clock;

    if (entity->queued) advance_clock(task); /* it was the first there */
    from = llcs[entity->llc].clock;
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

  charge(task);
  defend_turn(task);
  if (throttled(task) || should_yield(task->cpu, entity)) task->slice_ns = 0;
}

static void quiescent(struct sim_task* task) {
  activate(task, false);
  count_load(task, entity_of(task)->llc, 0, false);
  entity_of(task)->slow_left_ns = 0;
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
  if (entity_of(parent)->llc == entity->llc && is_before(clock, entity_of(parent)->vtime))
    entity->vtime = entity_of(parent)->vtime;
  entity->hinted = entity_of(parent)->hinted;
}

static void exit_task(struct sim_task* task) {
  struct entity* entity = entity_of(task);
  __u64 clock = *clock_of(task);

  activate(task, false);
  if (entity->hinted && is_before(clock, entity->vtime))
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

static __u64 owed(int cgroup) {
  return books[cgroup].debt_ns;
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
    .owed = owed,
    .timer = timer,
};
