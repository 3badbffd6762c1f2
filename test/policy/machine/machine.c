/*
 * Runs a policy in a machine of discrete events, in the order in which the kernel calls it: see
 * balance_one(), put_prev_task_scx() and task_tick_scx() in kernel/sched/ext. A task that has a
 * slice left keeps its CPU before all that waits; a local queue is asked before dispatch(); a slice
 * ends at a tick. There are no caches, and nothing costs time.
 */
#include "machine.h"

#include <stdlib.h>
#include <string.h>

#include "events.h"

#define IPI_NS 1000

struct queue {
  struct sim_task *first, *last;
  int length;
};

struct sim sim;
static struct queue queues[SIM_QUEUES + SIM_CPUS];
static struct sim_task* selecting; /* what it inserts goes where select_cpu() says */
static __u64 selected_slice;

__u32 sim_random(void) {
  sim.random ^= sim.random << 13;
  sim.random ^= sim.random >> 7;
  sim.random ^= sim.random << 17;
  return sim.random >> 16;
}

static _Bool may_run(const struct sim_task* task, int cpu) {
  return task->pin < 0 || task->pin == cpu;
}

static void resched(int cpu) {
  if (sim.cpu[cpu].resched) return;
  sim.cpu[cpu].resched = 1;
  push(sim.now + IPI_NS, RESCHED, cpu, 0);
}

/* Behind `after`; NULL: at the head. */
static void link_task(struct sim_task* task, int number, struct sim_task* after) {
  struct queue* queue = &queues[number];

  if (task->queue >= 0) abort();
  task->queue = number;
  task->before = after;
  task->next = after ? after->next : queue->first;
  *(task->next ? &task->next->before : &queue->last) = task;
  *(after ? &after->next : &queue->first) = task;
  queue->length++;
}

static void unlink_task(struct sim_task* task) {
  struct queue* queue = &queues[task->queue];

  *(task->next ? &task->next->before : &queue->last) = task->before;
  *(task->before ? &task->before->next : &queue->first) = task->next;
  queue->length--;
  task->queue = -1;
}

void sim_insert(struct sim_task* task, int queue, __u64 slice_ns, unsigned flags) {
  int cpu = queue - SIM_QUEUES;
  struct sim_task* runs;

  task->slice_ns = slice_ns;
  if (task == selecting) {
    selected_slice = slice_ns;
    return;
  }
  link_task(task, queue, flags & SIM_PREEMPT ? NULL : queues[queue].last);
  if (cpu < 0) return;
  runs = sim.cpu[cpu].runs;
  if (runs && (flags & SIM_PREEMPT)) runs->slice_ns = 0;
  if (!runs || (flags & SIM_PREEMPT)) resched(cpu);
}

void sim_insert_vtime(struct sim_task* task, int queue, __u64 slice_ns, __u64 vtime) {
  struct sim_task* after = queues[queue].last;

  task->slice_ns = slice_ns;
  task->vtime = vtime;
  while (after && (__s64)(vtime - after->vtime) < 0) after = after->before;
  link_task(task, queue, after);
}

void sim_move_vtime(struct sim_task* task, int queue, __u64 vtime) {
  unlink_task(task);
  sim_insert_vtime(task, queue, task->slice_ns, vtime);
}

_Bool sim_move_to_local(int queue, int cpu) {
  struct sim_task* task = queues[queue].first;

  while (task && !may_run(task, cpu)) task = task->next;
  if (!task) return 0;
  unlink_task(task);
  task->cpu = cpu;
  link_task(task, SIM_LOCAL(cpu), queues[SIM_LOCAL(cpu)].last);
  return 1;
}

int sim_queued(int queue) {
  return queues[queue].length;
}
struct sim_task* sim_first(int queue) {
  return queues[queue].first;
}

static void set_idle(struct sim_cpu* cpu, _Bool idle) {
  sim.idle += idle - cpu->idle;
  cpu->idle = idle;
}

static _Bool take_idle(const struct sim_task* task, int cpu) {
  if (!sim.cpu[cpu].idle || !may_run(task, cpu)) return 0;
  set_idle(&sim.cpu[cpu], 0);
  return 1;
}

int sim_select_idle(const struct sim_task* task, int previous) {
  int llc = previous / sim.llc_cpus * sim.llc_cpus;

  if (task->pin >= 0) return take_idle(task, task->pin) ? task->pin : -1;
  if (!sim.idle) return -1;
  if (take_idle(task, previous)) return previous;
  for (int i = 0; i < sim.cpus; i++) {
    int cpu = (llc + i) % sim.cpus;

    if (take_idle(task, cpu)) return cpu;
  }
  return -1;
}

void sim_kick(int cpu, unsigned flags) {
  struct sim_task* runs = sim.cpu[cpu].runs;

  if ((flags & SIM_PREEMPT) && runs) runs->slice_ns = 0;
  if ((flags & SIM_PREEMPT) || !runs) resched(cpu);
}

void sim_task_hints(const struct sim_task* task, struct sim_hints* hints) {
  memset(hints, 0, sizeof(*hints));
  if (sim.with_hints && task->program->hint) task->program->hint(task, hints);
}

static __u64 varied(__u64 ns, int per_cent) {
  if (ns >= SIM_FOREVER) return ns;
  return ns - ns * per_cent / 100 + sim_random() % (2 * ns * per_cent / 100 + 1);
}

static void account(struct sim_cpu* cpu) {
  __u64 used = sim.now - cpu->since_ns, from = cpu->since_ns;
  struct sim_task* task = cpu->runs;

  cpu->since_ns = sim.now;
  if (!task) return;
  task->cpu_ns += used;
  task->left_ns -= used < task->left_ns ? used : task->left_ns;
  task->slice_ns -= used < task->slice_ns ? used : task->slice_ns;
  if (sim.now < sim.measured_from) return;
  if (from < sim.measured_from) used = sim.now - sim.measured_from;
  cpu->busy_ns += used;
  task->program->cpu_ns += used;
}

static void starts(struct sim_cpu* cpu, struct sim_task* task) {
  struct sim_program* program = task->program;
  __u64 waited = sim.now - task->waits_ns;

  if (sim.now >= sim.measured_from) {
    if (waited > program->worst_wait_ns) program->worst_wait_ns = waited;
    if (sim.now - task->lacks_ns > program->worst_lack_ns)
      program->worst_lack_ns = sim.now - task->lacks_ns;
    if (task->woken_ns && program->samples < SIM_SAMPLES)
      program->late_ns[program->samples++] = sim.now - task->woken_ns;
  }
  task->woken_ns = 0;
  cpu->runs = task;
  if (program->run_ns < SIM_FOREVER)
    push(sim.now + task->left_ns, BURST_END, cpu - sim.cpu, ++cpu->burst);
}

/* Takes a task off its CPU that has not finished. */
static void put_back(int number, struct sim_task* task) {
  sim.cpu[number].runs = NULL;
  sim.cpu[number].burst++;
  task->waits_ns = sim.now;
  if (task->cpu_ns - task->lacks_cpu_ns >= SIM_TICK_NS / 2) {
    task->lacks_ns = sim.now;
    task->lacks_cpu_ns = task->cpu_ns;
  }
  sim.policy->stopping(task, 1);
  if (task->slice_ns)
    link_task(task, SIM_LOCAL(number), NULL);
  else
    sim.policy->enqueue(task, 0);
}

static void schedule(int number) {
  struct sim_cpu* cpu = &sim.cpu[number];
  struct sim_task *previous, *next;

  cpu->resched = 0;
  account(cpu);
  previous = cpu->runs;
  if (previous && previous->slice_ns) return;
  if (!queues[SIM_LOCAL(number)].length) {
    sim.policy->dispatch(number, previous);
    if (previous && previous->slice_ns) return;
    if (previous && !queues[SIM_LOCAL(number)].length && !sim.policy->enqueues_last) {
      previous->slice_ns = SIM_DEFAULT_SLICE_NS;
      return;
    }
  }
  if (previous) put_back(number, previous);
  next = queues[SIM_LOCAL(number)].first;
  set_idle(cpu, !next);
  if (!next) return;
  unlink_task(next);
  next->cpu = number;
  sim.moves += next->ran_on / sim.llc_cpus != number / sim.llc_cpus;
  next->ran_on = number;
  starts(cpu, next);
  sim.policy->running(next);
}

static void wake(struct sim_task* task) {
  int previous = task->cpu;

  task->runnable = 1;
  task->began_ns = task->woken_ns = task->waits_ns = sim.now;
  task->lacks_ns = sim.now;
  task->lacks_cpu_ns = task->cpu_ns;
  task->left_ns = varied(task->program->run_ns, task->program->jitter) + 1;
  task->program->wakeups++;
  selecting = task;
  selected_slice = 0;
  task->cpu = sim.policy->select_cpu(task, previous);
  selecting = NULL;
  if (!may_run(task, task->cpu)) task->cpu = task->pin;
  sim.policy->runnable(task);
  if (selected_slice)
    sim_insert(task, SIM_LOCAL(task->cpu), selected_slice, 0);
  else
    sim.policy->enqueue(task, SIM_WAKEUP);
}

static void begin(struct sim_program* program, int nth, struct sim_task* parent) {
  struct sim_task* task = NULL;

  /* A number is used again late, as the kernel does with process ids. */
  for (int i = 0; i < SIM_TASKS && !task; i++) {
    struct sim_task* free = &sim.task[sim.tasks++ % SIM_TASKS];

    if (!free->alive) task = free;
  }
  if (!task) abort();
  *task = (struct sim_task){
      .id = task - sim.task,
      .pin = program->pin == PIN_EACH ? nth % sim.cpus : program->pin,
      .cgroup = parent ? parent->cgroup : program->cgroup + (program->spread ? nth : 0),
      .weight = program->weight,
      .kthread = program->kthread,
      .program = program,
      .queue = -1,
      .alive = 1};
  task->cpu = task->pin >= 0 ? task->pin : parent ? parent->cpu : nth % sim.cpus;
  task->ran_on = task->cpu;
  if (parent) task->pin = parent->pin;
  sim.policy->init_task(task, parent);
  push(sim.now ? sim.now : program->start_ns + sim_random() % (10 * SIM_MS), WAKE, task->id, 0);
}

static __u64 sleeps_until(const struct sim_program* program) {
  if (program->period_ns) return (sim.now / program->period_ns + 1) * program->period_ns;
  return sim.now + varied(program->sleep_ns, program->jitter) + 1;
}

static void burst_ends(int number) {
  struct sim_cpu* cpu = &sim.cpu[number];
  struct sim_task* task = cpu->runs;
  struct sim_program* program = task->program;

  account(cpu);
  if (sim.now >= sim.measured_from) {
    program->bursts++;
    program->bursts_ns += sim.now - task->began_ns;
  }
  if (program->forks) begin(program, 0, program->spawned ? NULL : task);
  cpu->runs = NULL;
  task->runnable = 0;
  sim.policy->stopping(task, 0);
  sim.policy->quiescent(task);
  if (program->forks) {
    sim.policy->exit_task(task);
    task->alive = 0;
  } else {
    push(sleeps_until(program), WAKE, task->id, 0);
  }
  schedule(number);
}

static void tick(int number) {
  struct sim_cpu* cpu = &sim.cpu[number];

  push(sim.now + SIM_TICK_NS, TICK, number, 0);
  if (!cpu->runs) return;
  account(cpu);
  sim.policy->tick(cpu->runs);
  if (!cpu->runs->slice_ns) schedule(number);
}

void sim_reset(int cpus, int llc_cpus, __u64 seed, _Bool with_hints) {
  const char* more = getenv("SEED");

  for (int i = 0; i < sim.programs; i++) free(sim.program[i].late_ns);
  memset(&sim, 0, sizeof(sim));
  memset(queues, 0, sizeof(queues));
  forget_events();
  sim.cpus = cpus;
  sim.llc_cpus = llc_cpus;
  sim.with_hints = with_hints;
  sim.random = (seed + 1000 * strtoull(more ? more : "1", NULL, 10)) * 0x9e3779b97f4a7c15ULL + 1;
  sim.cgroups = 1;
}

struct sim_program* sim_add(struct sim_program program) {
  struct sim_program* added = &sim.program[sim.programs++];

  if (!program.weight) program.weight = 100;
  program.late_ns = malloc(SIM_SAMPLES * sizeof(__u64));
  *added = program;
  return added;
}

static void account_for_all(void) {
  for (int i = 0; i < sim.cpus; i++) account(&sim.cpu[i]);
  for (int i = 0; i < SIM_TASKS; i++) {
    struct sim_task* task = &sim.task[i];

    if (!task->alive || task->queue < 0) continue;
    if (sim.now - task->waits_ns > task->program->worst_wait_ns)
      task->program->worst_wait_ns = sim.now - task->waits_ns;
  }
}

void sim_run(const struct sim_policy* policy, __u64 ns) {
  struct event event;

  sim.policy = policy;
  sim.measured_from = ns / 8;
  policy->init();
  for (int i = 0; i < sim.cpus; i++) {
    set_idle(&sim.cpu[i], 1);
    push(SIM_TICK_NS * i / sim.cpus, TICK, i, 0);
  }
  push(0, TIMER, 0, 0);
  for (int i = 0; i < sim.programs; i++)
    for (int n = 0; n < sim.program[i].count; n++) begin(&sim.program[i], n, NULL);
  while (pop_until(ns, &event)) {
    sim.now = event.at;
    if (event.kind == WAKE) wake(&sim.task[event.what]);
    if (event.kind == TICK) tick(event.what);
    if (event.kind == RESCHED) schedule(event.what);
    if (event.kind == BURST_END && event.burst == sim.cpu[event.what].burst &&
        sim.cpu[event.what].runs)
      burst_ends(event.what);
    if (event.kind == TIMER) {
      push(sim.now + SIM_TICK_NS, TIMER, 0, 0);
      if (policy->timer) policy->timer();
    }
  }
  sim.now = ns;
  account_for_all();
}
