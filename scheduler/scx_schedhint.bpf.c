// SPDX-License-Identifier: GPL-2.0-only
/*
 * scx_schedhint: a fair sched_ext scheduler in which schedhint's hints are a bounded credit.
 *
 * Fairness. A task's virtual time is the CPU time that it has used, over its weight: of its nice
 * value, among its cgroup's tasks and its cgroup's siblings. It waits in a queue ordered by a key,
 * the virtual time at the end of its next turn: one queue for each LLC, and one, a lane, for each
 * CPU, of the tasks that may run there only. A queue has a clock, which is moved by the tasks that
 * are taken from it. A task's virtual time is kept near the clock at each place(): it saves up
 * nothing by sleeping, and what it had beyond its share costs one turn at most. A task that is so
 * far behind that its turn would come late, because its weight is small, waits in a second queue
 * by the time when it is due.
 *
 * Hints. A pause of the garbage collector, an urgency and a near deadline make the key earlier:
 * by two slices at most. A task pays for its turn in full, so hints bring turns sooner, not more of
 * them. Time that hints brought beyond the task's share while others waited is a debt of its
 * cgroup; while it owes more than a twentieth of what it has used, its hints buy nothing. Batch
 * work has an eighth of its weight. Hints on kernel threads are ignored.
 *
 * The arithmetic is in policy.h, which test/policy runs in a simulated machine. state.bpf.h has
 * what is known of tasks, CPUs and LLCs; books.bpf.h the weights and debts of cgroups;
 * limits.bpf.h their cpu.max; cgroups.bpf.h what tasks are charged; look.bpf.h reads hints;
 * place.bpf.h gives a task its place; dispatch.bpf.h chooses the next.
 *
 * Where a hint is seen: when its task is queued, when it ticks, and when its turn ends. A change in
 * between is not noticed.
 */
#include <scx/common.bpf.h>
/* The kernel's types come first: everything below uses them. */
#include <schedhint/schedhint.bpf.h>

#include "dispatch.bpf.h"

char LICENSE[] SEC("license") = "GPL";

#define WATCHDOG_MS 30000

s32 BPF_STRUCT_OPS(schedhint_select_cpu, struct task_struct* p, s32 prev_cpu, u64 wake_flags) {
  struct entity* entity = entity_of(p);
  bool idle = false;
  __s32 cpu = scx_bpf_select_cpu_dfl(p, prev_cpu, wake_flags, &idle);
  __u64 now;

  if (!idle || !entity) return cpu;
  now = bpf_ktime_get_ns();
  if (throttled(p, entity, now)) return cpu;
  activate(entity, active_weight_of(p));
  place(p, entity, llc_of(cpu), now);
  scx_bpf_dsq_insert(p, SCX_DSQ_LOCAL, entity->slice_ns, 0);
  count(STAT_idle, 1);
  return cpu;
}

/* Of two CPUs, the task's and one at random of its LLC, the one whose turn has the later key. */
static __always_inline void try_preempt(struct task_struct* p, struct entity* entity, __s32 cpu,
                                        __u64 now) {
  struct lane* lane = lane_at(cpu);
  __u32 llc = entity->llc & (MAX_LLCS - 1), other;
  __u64 key = llc_key(entity, entity->key);

  if (entity->pin < 0 && topology.llc_cpus[llc]) {
    other = topology.llc_first[llc] + bpf_get_prandom_u32() % topology.llc_cpus[llc];
    other = topology.members[other & (MAX_CPUS - 1)];
    if (is_before(lane->key, lane_at(other)->key) && bpf_cpumask_test_cpu(other, p->cpus_ptr)) {
      cpu = other;
      lane = lane_at(cpu);
    }
  }
  if (!lane->turn_ns || !preempts(key, lane->key, now - lane->turn_ns, now - lane->kicked_ns))
    return;
  lane->kicked_ns = now;
  entity->vtime += to_virtual(PREEMPT_COST_NS, entity->weight);
  scx_bpf_kick_cpu(cpu, SCX_KICK_PREEMPT);
  count(STAT_preempted, 1);
}

static __always_inline void count_queued(const struct entity* entity) {
  const struct policy_hints* hints = &entity->hints;

  count(STAT_queued, 1);
  if (entity->due_ns) count(STAT_slowQueued, 1);
  if (hints->pause) count(entity->in_pause ? STAT_pauseQueued : STAT_helperQueued, 1);
  if (hints->batch) count(STAT_batchQueued, 1);
  if (hints->urgency) count(STAT_urgencyQueued, 1);
  if (hints->deadline_ns) count(STAT_deadlineQueued, 1);
}

static __always_inline enum queue queue_for(const struct entity* entity) {
  if (entity->pin >= 0) return entity->due_ns ? QUEUE_SLOW_LANE : QUEUE_LANE;
  return entity->due_ns ? QUEUE_SLOW_LLC : QUEUE_LLC;
}

void BPF_STRUCT_OPS(schedhint_enqueue, struct task_struct* p, u64 enq_flags) {
  struct entity* entity = entity_of(p);
  __s32 cpu = scx_bpf_task_cpu(p), idle;
  __u64 now = bpf_ktime_get_ns();
  enum queue queue;
  struct llc* llc;

  if (!entity) {
    scx_bpf_dsq_insert(p, SCX_DSQ_GLOBAL, settings.slice_ns, enq_flags);
    return;
  }
  note_queue(entity, QUEUE_NONE);
  activate(entity, active_weight_of(p));
  place(p, entity, llc_of(cpu), now);
  /* Those that are not short take turns: in their CPU's queue, and with the LLC's if tasks wait. */
  llc = llc_at(entity->llc);
  if (is_for_kernel(p) && !entity->due_ns &&
      is_short(entity->vtime, *clock_of(entity), settings.slice_ns, entity->weight) &&
      (!llc->waiting[0] ||
       is_short(llc_key(entity, entity->vtime), llc->clock, settings.slice_ns, entity->weight))) {
    scx_bpf_dsq_insert(p, SCX_DSQ_LOCAL, entity->slice_ns, enq_flags | SCX_ENQ_PREEMPT);
    return;
  }
  queue = queue_for(entity);
  note_queue(entity, queue);
  if (throttled(p, entity, now)) {
    hold(p, entity, now, enq_flags);
    return;
  }
  scx_bpf_dsq_insert_vtime(p, queue_id(queue, entity->pin >= 0 ? entity->pin : entity->llc),
                           entity->slice_ns, entity->due_ns ? entity->due_ns : entity->key,
                           enq_flags);
  count_queued(entity);
  idle = scx_bpf_pick_idle_cpu(p->cpus_ptr, 0);
  if (idle >= 0)
    scx_bpf_kick_cpu(idle, SCX_KICK_IDLE);
  else if ((enq_flags & SCX_ENQ_WAKEUP) && !entity->due_ns)
    try_preempt(p, entity, cpu, now);
}

void BPF_STRUCT_OPS(schedhint_runnable, struct task_struct* p, u64 enq_flags) {
  struct entity* entity = entity_of(p);

  if (!entity) return;
  entity->waits_ns = bpf_ktime_get_ns();
  activate(entity, active_weight_of(p));
}

static __always_inline void end_wait(struct entity* entity, __u64 now) {
  __u64 waited = entity->waits_ns && now > entity->waits_ns ? now - entity->waits_ns : 0;

  entity->waits_ns = 0;
  entity->run_delay_ns += waited;
  if (entity->in_pause) entity->gc_run_delay_ns += waited;
  end_hold(entity, now);
}

void BPF_STRUCT_OPS(schedhint_running, struct task_struct* p) {
  struct entity* entity = entity_of(p);
  __s32 cpu = scx_bpf_task_cpu(p);
  __u64 now = bpf_ktime_get_ns();

  if (!entity) return;
  if (entity->waits_in != QUEUE_NONE) advance_clock(entity); /* it was the first there */
  note_queue(entity, QUEUE_NONE);
  change_clock(entity, llc_of(cpu), pin_of(p));
  if (!entity->active_weight) activate(entity, active_weight_of(p)); /* it was held */
  if (!entity->counted) count_load(entity, entity->weight);
  end_wait(entity, now);
  entity->charged_ns = now;
  begin_turn(entity, lane_at(cpu), llc_of(cpu), now);
  count(STAT_switches, 1);
}

void BPF_STRUCT_OPS(schedhint_stopping, struct task_struct* p, bool runnable) {
  struct entity* entity = entity_of(p);
  __u64 now = bpf_ktime_get_ns(), clock;

  if (!entity) return;
  charge(entity, now);
  lane_at(scx_bpf_task_cpu(p))->turn_ns = 0;
  if (runnable) {
    entity->waits_ns = now;
    entity->preempted++;
    if (entity->in_pause) entity->gc_preempted++;
  } else if (p->flags & PF_EXITING) {
    /* What it had ahead of its share by hints, its cgroup owes. */
    clock = *clock_of(entity);
    if (entity->hinted && is_before(clock, entity->vtime))
      owe(entity, from_virtual(entity->vtime - clock, entity->weight));
    entity->vtime = clock;
  }
  publish(p, entity, now);
}

/* Has a task woken up that should run here, in vain? */
static __always_inline bool should_yield(struct lane* lane, __s32 cpu, __u64 now) {
  __u64 ran = now - lane->turn_ns, key;

  if (lane->waiting[0] && first_in(queue_id(QUEUE_LANE, cpu), &key) &&
      preempts(key + lane->offset, lane->key, ran, ~0ULL))
    return true;
  return head_key(llc_of(cpu), llc_of(cpu), &key) && preempts(key, lane->key, ran, ~0ULL);
}

void BPF_STRUCT_OPS(schedhint_tick, struct task_struct* p) {
  struct entity* entity = entity_of(p);
  __s32 cpu = scx_bpf_task_cpu(p);
  __u64 now = bpf_ktime_get_ns();
  struct lane* lane = lane_at(cpu);

  if (!entity) return;
  charge(entity, now);
  defend_turn(p, entity, lane, now);
  publish(p, entity, now);
  if (throttled(p, entity, now) || should_yield(lane, cpu, now)) scx_bpf_task_set_slice(p, 0);
}

void BPF_STRUCT_OPS(schedhint_quiescent, struct task_struct* p, u64 deq_flags) {
  struct entity* entity = entity_of(p);

  if (!entity) return;
  note_queue(entity, QUEUE_NONE);
  activate(entity, 0);
  count_load(entity, 0);
  set_ahead(entity, false);
  entity->waits_ns = entity->held_since_ns = entity->slow_left_ns = 0;
}

void BPF_STRUCT_OPS(schedhint_set_weight, struct task_struct* p, u32 weight) {
  struct entity* entity = entity_of(p);

  if (entity && entity->active_weight) activate(entity, (__u64)weight << WEIGHT_SHIFT);
}

/* A new task begins where its parent stands, and not before the clock: a program that forks instead
 * of waiting gains nothing. */
static __always_inline void inherit_place(struct entity* entity) {
  struct entity* parent = entity_of(bpf_get_current_task_btf());
  __u64 vtime;

  if (!parent || parent->llc != entity->llc || parent->pin >= 0) return;
  vtime = parent->vtime;
  if (parent->charged_ns)
    vtime += to_virtual(bpf_ktime_get_ns() - parent->charged_ns, parent->weight);
  if (is_before(entity->vtime, vtime)) entity->vtime = vtime;
  entity->hinted = parent->hinted;
}

s32 BPF_STRUCT_OPS_SLEEPABLE(schedhint_init_task, struct task_struct* p,
                             struct scx_init_task_args* args) {
  struct entity* entity = bpf_task_storage_get(&entities, p, 0, BPF_LOCAL_STORAGE_GET_F_CREATE);

  if (!entity) return -ENOMEM; /* the fork fails, or the load */
  *entity = (struct entity){.llc = llc_of(scx_bpf_task_cpu(p)), .pin = -1, .weight = WEIGHT_NICE_0};
  entity->vtime = *clock_of(entity);
  bpf_rcu_read_lock();
  entity->cgroup = slot_of(args->cgroup);
  bpf_rcu_read_unlock();
  if (args->fork) inherit_place(entity);
  count(STAT_tasks, 1);
  return 0;
}

void BPF_STRUCT_OPS(schedhint_exit_task, struct task_struct* p, struct scx_exit_task_args* args) {
  if (entity_of(p)) count(STAT_tasks, -1);
}

/* After execve the old program's page would stay bound, and its last hints would stand for whatever
 * runs now. */
SEC("tp_btf/sched_process_exec")
int BPF_PROG(schedhint_exec, struct task_struct* p) {
  if (!bpf_task_storage_delete(&schedhint, p)) count(STAT_execs, 1);
  return 0;
}

/* A thread of a higher class takes the CPU: what waits for it goes where other CPUs find it. Before
 * Linux 6.19 the kernel calls cpu_release() for that; then it has to be seen. */
SEC("tp_btf/sched_switch")
int BPF_PROG(schedhint_switch, bool preempt, struct task_struct* prev, struct task_struct* next) {
  if (next->prio < 100) scx_bpf_reenqueue_local_from_anywhere(); /* MAX_RT_PRIO */
  return 0;
}

void BPF_STRUCT_OPS(schedhint_cpu_release, s32 cpu, struct scx_cpu_release_args* args) {
  scx_bpf_reenqueue_local();
}

static __always_inline __s32 create_queues(enum queue first, enum queue slow, __u32 number) {
  __s32 error = scx_bpf_create_dsq(queue_id(first, number), -1);

  return error ? error : scx_bpf_create_dsq(queue_id(slow, number), -1);
}

s32 BPF_STRUCT_OPS_SLEEPABLE(schedhint_init) {
  __s32 i, error = 0;

  bpf_for(i, 0, (__s32)topology.llcs) {
    llc_at(i)->load.cpus = topology.llc_cpus[i & (MAX_LLCS - 1)];
    error = error ?: create_queues(QUEUE_LLC, QUEUE_SLOW_LLC, i);
  }
  bpf_for(i, 0, (__s32)topology.cpus) {
    error = error ?: create_queues(QUEUE_LANE, QUEUE_SLOW_LANE, i);
  }
  return error ?: init_cgroups();
}

struct ending ending SEC(".data.ending");

void BPF_STRUCT_OPS(schedhint_exit, struct scx_exit_info* info) {
  bpf_probe_read_kernel_str(ending.reason, sizeof(ending.reason), info->reason);
  bpf_probe_read_kernel_str(ending.message, sizeof(ending.message), info->msg);
  ending.code = info->exit_code;
  ending.kind = info->kind;
}

#define OP(name) .name = (void*)schedhint_##name

SCX_OPS_DEFINE(schedhint_ops, OP(select_cpu), OP(enqueue), OP(dispatch), OP(tick), OP(runnable),
               OP(running), OP(stopping), OP(quiescent), OP(set_weight), OP(init_task),
               OP(exit_task), OP(cgroup_init), OP(cgroup_exit), OP(cgroup_move),
               OP(cgroup_set_weight), OP(cgroup_set_bandwidth), OP(cgroup_set_idle),
               OP(cpu_release), OP(init), OP(exit), .flags = SCX_OPS_ENQ_LAST,
               .timeout_ms = WATCHDOG_MS, .name = "schedhint");
