// SPDX-License-Identifier: GPL-2.0
/*
 * scx_schedhint: a sched_ext scheduler that acts on schedhint's hints.
 *
 * Without hints it is a plain weighted fair scheduler. A task's virtual time is the CPU time that
 * it has used, divided by its weight (its nice value); the task with the least runs next, for a
 * slice. A task that has slept comes back at most one slice behind the others, so it saves nothing
 * up. There is one queue for all CPUs, which is right for a few CPUs that share a cache, and not
 * for a large machine; cgroup weights are not looked at.
 *
 * Hints change three things, each on its own switch (settings.hints):
 *
 * - the class. AHEAD: a thread inside a pause of its collector, and the threads that help it. They
 *   keep the CPU that they have, take one from a task that is not ahead when they wake up, and are
 *   looked for in the queue when a pause begins, because a pause ends when its last helper does.
 *   BEHIND: batch threads. They run when no other task does, and each at the latest
 *   after five seconds, or the kernel's watchdog would end us.
 * - the order within a class. Urgency and a near deadline let a task run up to a slice each before
 *   its virtual time would; a task that wakes up so takes a CPU from one that is later in that
 *   order. It pays with its virtual time, in full, so it gets no more CPU time in the end.
 * - the length of the slice, within bounds.
 *
 * Being AHEAD is a loan: loan.h says how it is charged, owed, bounded and repaid. What a hint says
 * is never believed further than that. A program that lies gets what the loan's capacity is, once.
 *
 * Where a hint comes from: the task's block (schedhint.bpf.h). With --tld, one without a block may
 * say the same by task local data (tld.h).
 *
 * When the scheduler learns of a pause: it is not notified. It looks at a task's block when the
 * task is queued, put on a CPU, ticks (every 4 ms at 250 Hz), and leaves the CPU. A pause that
 * begins while its thread has the CPU is seen at the next tick at the latest.
 *
 * Feedback: every look publishes what the kernel knows into the reader's half of the block. All of
 * them are made with the task's runqueue locked, so a block has one writer at a time.
 *
 * How tasks of one process are distinguished: a thread with a block is a JavaScript thread and goes
 * by its own gc word alone. Where the process says which threads help its collector (Node.js 24 and
 * newer), those are helpers. Elsewhere one without a block is, unless it is known to be libuv's, by
 * its element or its name. Threads of libuv's pool inherit what their process's threads hint.
 */
#include "scx.h"
/* The kernel's types come first: everything below uses them. */
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>
#include <schedhint/schedhint.bpf.h>

char LICENSE[] SEC("license") = "GPL";

#include "fair.h"
#include "preempt.h"

#define WATCHDOG_MS 30000
#define QUEUED_LOOKED_AT 128 /* of those that wait, for helpers of a pause */

static __u64 behind_ran_ns; /* the last time that one that is BEHIND was let run */

SEC("struct_ops/schedhint_select_cpu")
__s32 BPF_PROG(schedhint_select_cpu, struct task_struct* p, __s32 prev_cpu, __u64 wake_flags) {
  struct task* task = task_of(p);
  bool idle = false;
  __s32 cpu = scx_bpf_select_cpu_dfl(p, prev_cpu, wake_flags, &idle);

  if (idle && task) {
    bound_time(task, true);
    scx_bpf_dsq_insert(p, SCX_DSQ_LOCAL, slice_of(task), 0);
    count(STAT_idle, 1);
  }
  return cpu;
}

SEC("struct_ops/schedhint_enqueue")
int BPF_PROG(schedhint_enqueue, struct task_struct* p, __u64 enq_flags) {
  struct task* task = task_of(p);
  __u64 now = bpf_ktime_get_ns(), order;
  struct schedhint_ctx found;
  __u32 class;
  __s32 cpu;

  /* The kernel's own threads of one CPU are short, and others wait for them. */
  if (!task || ((p->flags & PF_KTHREAD) && p->nr_cpus_allowed == 1)) {
    scx_bpf_dsq_insert(p, SCX_DSQ_LOCAL, settings.slice_ns, enq_flags);
    return 0;
  }
  bound_time(task, enq_flags & SCX_ENQ_WAKEUP);
  find(p, task, now, &found);
  class = classify(p, task, &found);
  order = order_of(task, now);
  note_queued(task, class);
  count(STAT_queued, 1);
  if (class == AHEAD) count(task->in_gc ? STAT_gcAhead : STAT_helperAhead, 1);
  count_ordered(task, now);
  if (class == BEHIND) {
    count(STAT_batchQueued, 1);
    if (!scx_bpf_dsq_nr_queued(BEHIND)) behind_ran_ns = now;
  }
  scx_bpf_dsq_insert_vtime(p, class, slice_of(task), order, enq_flags);

  cpu = scx_bpf_pick_idle_cpu(p->cpus_ptr, 0);
  if (cpu >= 0)
    scx_bpf_kick_cpu(cpu, SCX_KICK_IDLE);
  else if (class == AHEAD || (class == FAIR && (enq_flags & SCX_ENQ_WAKEUP)))
    take_cpu(p, class, order, is_urgent(task) || is_due(task, now));
  return 0;
}

/* Counted from here a loop's bound is no constant to the verifier, which would follow each turn. */
static volatile __u32 zero;

/* Does one that waits belong into this queue now? */
static __always_inline bool belongs_into(struct task_struct* p, struct task* task, __u32 into,
                                         __u64 now) {
  struct schedhint_ctx found;

  find(p, task, now, &found);
  if ((wish(p, task, &found) == AHEAD) != (into == AHEAD)) return false;
  return into != AHEAD || classify(p, task, &found) == AHEAD;
}

/* Not inlined: the verifier forgets a function's stack when it returns. Inlined, the verifier
 * of 6.17 distinguished the turns of the loop below by what was left on the stack, and gave up
 * after a million instructions. */
static __noinline void sort_one(struct bpf_iter_scx_dsq* it, struct task_struct* p, __u32 into,
                                __u64 now) {
  struct task* task = task_of(p);

  if (!task || !belongs_into(p, task, into, now)) return;
  scx_bpf_dsq_move_set_vtime(it, order_of(task, now));
  if (!scx_bpf_dsq_move_vtime(it, p, into, 0)) return;
  note_queued(task, into);
  count(into == AHEAD ? STAT_promoted : STAT_demoted, 1);
}

/* Moves what waits to where it belongs now: helpers of a pause that has begun since they were
 * queued go ahead, and those that were ahead go back when it is over. */
static __always_inline void sort_queue(__u64 queue, __u32 into, __u64 now) {
  struct bpf_iter_scx_dsq it;
  struct task_struct* p;
  __u32 looked = zero;

  if (!bpf_iter_scx_dsq_new(&it, queue, 0)) {
    while (looked++ < QUEUED_LOOKED_AT && (p = bpf_iter_scx_dsq_next(&it)))
      sort_one(&it, p, into, now);
  }
  bpf_iter_scx_dsq_destroy(&it);
}

/* The order of the first in the fair queue: false if it is empty. */
static __always_inline bool first_order(__u64* order) {
  struct bpf_iter_scx_dsq it;
  struct task_struct* p;
  bool found = false;

  if (!bpf_iter_scx_dsq_new(&it, FAIR, 0)) {
    p = bpf_iter_scx_dsq_next(&it);
    if (p) {
      *order = p->scx.dsq_vtime;
      found = true;
    }
  }
  bpf_iter_scx_dsq_destroy(&it);
  return found;
}

/* One that is BEHIND runs now and then even if others want to, each within LONGEST_WAIT. */
static __always_inline bool behind_is_due(__u64 now) {
  __u64 queued = scx_bpf_dsq_nr_queued(BEHIND);

  if (!queued || now < behind_ran_ns + LONGEST_WAIT / queued) return false;
  behind_ran_ns = now;
  count(STAT_batchRescued, 1);
  return true;
}

/* Its slice is used up, and it is first in the queue again: the next turn. */
static __always_inline void start_turn(struct task_struct* p, struct task* task, __u64 now) {
  set_slice(p, slice_of(task));
  task->turn_ns = now;
  task->ahead = 0;
  task->extended = 0;
}

static __always_inline void extend(struct task_struct* p, struct task* task) {
  set_slice(p, slice_of(task));
  task->extended = 1;
  count(task->in_gc ? STAT_gcExtended : STAT_helperExtended, 1);
}

/* Called when a CPU has nothing left to do: its task has used up its slice, or sleeps. A task that
 * is left with a slice keeps the CPU. */
SEC("struct_ops/schedhint_dispatch")
int BPF_PROG(schedhint_dispatch, __s32 cpu, struct task_struct* prev) {
  struct task* task = 0;
  __u64 now = bpf_ktime_get_ns(), order, first;
  struct schedhint_ctx found;
  __u32 class = 0;

  if (prev && (prev->scx.flags & SCX_TASK_QUEUED)) task = task_of(prev);
  if (task) {
    charge(prev, task, now);
    find(prev, task, now, &found);
    class = classify(prev, task, &found);
  }
  if (scx_bpf_dsq_nr_queued(AHEAD)) sort_queue(AHEAD, FAIR, now);
  if (now - pause_seen_ns < 100 * MS) sort_queue(FAIR, AHEAD, now);
  if (behind_is_due(now) && scx_bpf_dsq_move_to_local(BEHIND)) return 0;
  if (task && class == AHEAD &&
      (!scx_bpf_dsq_nr_queued(AHEAD) || now - task->turn_ns < settings.slice_ns)) {
    task->ahead = 1;
    extend(prev, task);
    return 0;
  }
  if (scx_bpf_dsq_move_to_local(AHEAD)) return 0;
  if (task && class == FAIR) {
    order = order_of(task, now);
    if (!first_order(&first) || !before(first, order)) {
      advance_clock(order);
      start_turn(prev, task, now);
      return 0;
    }
  }
  if (scx_bpf_dsq_move_to_local(FAIR)) return 0;
  if (scx_bpf_dsq_move_to_local(BEHIND)) behind_ran_ns = now;
  return 0;
}

SEC("struct_ops/schedhint_tick")
int BPF_PROG(schedhint_tick, struct task_struct* p) {
  struct task* task = task_of(p);
  __u64 now = bpf_ktime_get_ns();
  struct schedhint_ctx found;
  struct account* account;
  __u32 class;
  bool over;

  if (!task) return 0;
  charge(p, task, now);
  find(p, task, now, &found);
  class = classify(p, task, &found);
  over = now - task->turn_ns >= settings.slice_ns;
  note_cpu(scx_bpf_task_cpu(p), class, order_of(task, now));
  publish(task, &found);
  if (class == AHEAD) {
    if (over) task->ahead = 1;
    if (!scx_bpf_dsq_nr_queued(AHEAD)) extend(p, task);
    account = account_of(task);
    if (account && account->queued) take_cpu(p, AHEAD, 0, false);
  } else if (task->extended && over) {
    set_slice(p, 0); /* what it has beyond its slice it had for the pause */
  } else if (class == BEHIND && scx_bpf_dsq_nr_queued(FAIR)) {
    set_slice(p, 0);
  }
  return 0;
}

SEC("struct_ops/schedhint_running")
int BPF_PROG(schedhint_running, struct task_struct* p) {
  struct task* task = task_of(p);
  __u64 now = bpf_ktime_get_ns(), order, waited;
  struct schedhint_ctx found;
  __u32 class, queued;

  if (!task) return 0;
  if (task->waits_ns) {
    waited = now > task->waits_ns ? now - task->waits_ns : 0;
    task->run_delay_ns += waited;
    if (task->in_gc) task->gc_run_delay_ns += waited;
    task->waits_ns = 0;
  }
  queued = task->queued;
  note_queued(task, 0);
  task->charged_ns = now;
  task->turn_ns = now;
  task->ahead = queued == AHEAD;
  task->extended = 0;
  find(p, task, now, &found);
  class = classify(p, task, &found);
  order = order_of(task, now);
  if (queued == FAIR) advance_clock(order); /* it was the first; one put ahead of it is not */
  note_cpu(scx_bpf_task_cpu(p), class, order);
  publish(task, &found);
  count(STAT_switches, 1);
  return 0;
}

SEC("struct_ops/schedhint_stopping")
int BPF_PROG(schedhint_stopping, struct task_struct* p, bool runnable) {
  struct task* task = task_of(p);
  __u64 now = bpf_ktime_get_ns();
  struct schedhint_ctx found;

  if (!task) return 0;
  charge(p, task, now);
  find(p, task, now, &found);
  wish(p, task, &found);
  task->ahead = 0;
  if (runnable) {
    task->waits_ns = now;
    task->preempted++;
    if (task->in_gc) task->gc_preempted++;
  }
  note_cpu(scx_bpf_task_cpu(p), 0, 0);
  publish(task, &found);
  return 0;
}

SEC("struct_ops/schedhint_runnable")
int BPF_PROG(schedhint_runnable, struct task_struct* p, __u64 enq_flags) {
  struct task* task = task_of(p);
  struct account* account;
  __u64 idle, paid;

  if (!task) return 0;
  task->waits_ns = bpf_ktime_get_ns();
  if (task->runnable) return 0;
  task->runnable = 1;
  account = account_of(task);
  if (!account || __sync_fetch_and_add(&account->runnable, 1)) return 0;
  if (!before(account->idle_at, clock_now)) return 0;
  idle = clock_now - account->idle_at;
  paid = loan_repay(account, from_virtual(p, idle));
  if (!paid) return 0;
  count(STAT_repaidIdleNs, paid);
  /* What has repaid is not saved up as well: see bound_time(). */
  paid = to_virtual(p, paid);
  idle = paid < idle ? idle - paid : 0;
  if (before(task->time, clock_now - idle)) task->time = clock_now - idle;
  return 0;
}

static __always_inline void sleeps(struct task_struct* p, struct task* task) {
  struct account* account;

  note_queued(task, 0);
  task->waits_ns = 0;
  if (!task->runnable) return;
  task->runnable = 0;
  account = account_of(task);
  if (!account) return;
  unpay(p, task, account);
  /* Until the clock comes up to its tasks' times, their sleep pays for what they have had. */
  if (before(account->idle_at, task->time)) account->idle_at = task->time;
  if (__sync_fetch_and_sub(&account->runnable, 1) == 1 && before(account->idle_at, clock_now))
    account->idle_at = clock_now;
}

SEC("struct_ops/schedhint_quiescent")
int BPF_PROG(schedhint_quiescent, struct task_struct* p, __u64 deq_flags) {
  struct task* task = task_of(p);

  if (task) sleeps(p, task);
  return 0;
}

/* A new task starts where its parent stands. If somebody owes for it, it waits for a slice first,
 * which repays as much: who starts one task after the other would never have to wait. */
static __always_inline void inherit(struct task* task) {
  struct task_struct* current = bpf_get_current_task_btf();
  struct task* parent = task_of(current);
  struct account* account;
  __u64 time;

  if (!parent || !parent->account) return;
  task->account = parent->account;
  /* What it has not waited for it goes on owing itself. (The new task has no weight yet.) */
  time = parent->time - to_virtual(current, not_waited_for(current, parent));
  if (before(task->time, time)) task->time = time;
  account = account_of(task);
  if (!account) return;
  task->time +=
      to_virtual(current, repay(current, task, account, settings.slice_ns, settings.slice_ns));
}

/* One that was there before us has the account of its process id. */
SEC("struct_ops/schedhint_init_task")
__s32 BPF_PROG(schedhint_init_task, struct task_struct* p, struct scx_init_task_args* args) {
  struct task* task = bpf_task_storage_get(&tasks, p, 0, BPF_LOCAL_STORAGE_GET_F_CREATE);
  struct account* account;

  if (!task) return -12; /* ENOMEM: the fork fails, or the load */
  task->time = clock_now;
  if (p->flags & PF_KTHREAD) return 0;
  task->account = p->tgid;
  if (args->fork) inherit(task);
  account = account_open(task->account);
  if (!account) {
    task->account = 0; /* too many: it is never put ahead */
    return 0;
  }
  account_join(account);
  if (!args->fork) __sync_fetch_and_add(&account->used_ns, p->se.sum_exec_runtime);
  return 0;
}

SEC("struct_ops/schedhint_exit_task")
int BPF_PROG(schedhint_exit_task, struct task_struct* p, struct scx_exit_task_args* args) {
  struct task* task = task_of(p);

  if (!task) return 0;
  sleeps(p, task);
  if (task->account) account_leave(task->account);
  task->account = 0;
  return 0;
}

/* After execve the old program's page would stay bound, and its last hints would stand for whatever
 * runs now. A program that owes nothing begins a new account. */
SEC("tp_btf/sched_process_exec")
int BPF_PROG(schedhint_exec, struct task_struct* p) {
  struct task* task = task_of(p);
  struct account *old, *account;
  __u64 id;

  if (!bpf_task_storage_delete(&schedhint, p)) count(STAT_execs, 1);
  if (settings.tld && !bpf_task_storage_delete(&tld_data_map, p)) count(STAT_execs, 1);
  if (!task) return 0;
  __builtin_memset(&task->tld, 0, sizeof(task->tld));
  old = account_of(task);
  if (!old || old->debt_ns) return 0;
  id = __sync_fetch_and_add(&last_account, 1) + 1;
  account = account_open(id);
  if (!account) return 0;
  account_join(account);
  if (task->runnable) {
    __sync_fetch_and_add(&account->runnable, 1);
    if (__sync_fetch_and_sub(&old->runnable, 1) == 1) old->idle_at = clock_now;
  }
  account_leave(task->account);
  task->account = id;
  return 0;
}

SEC("struct_ops/schedhint_init")
__s32 BPF_PROG(schedhint_init) {
  __s32 error = scx_bpf_create_dsq(BEHIND, -1);

  if (!error) error = scx_bpf_create_dsq(FAIR, -1);
  if (!error) error = scx_bpf_create_dsq(AHEAD, -1);
  return error;
}

/* Why the scheduler was ended: a separate section, for the loader. */
struct ending ending SEC(".data.ending");

SEC("struct_ops/schedhint_exit")
int BPF_PROG(schedhint_exit, struct scx_exit_info* info) {
  bpf_probe_read_kernel_str(ending.reason, sizeof(ending.reason), info->reason);
  bpf_probe_read_kernel_str(ending.message, sizeof(ending.message), info->msg);
  ending.kind = info->kind;
  return 0;
}

SEC(".struct_ops")
struct sched_ext_ops schedhint_ops = {
    .select_cpu = (void*)schedhint_select_cpu,
    .enqueue = (void*)schedhint_enqueue,
    .dispatch = (void*)schedhint_dispatch,
    .tick = (void*)schedhint_tick,
    .runnable = (void*)schedhint_runnable,
    .running = (void*)schedhint_running,
    .stopping = (void*)schedhint_stopping,
    .quiescent = (void*)schedhint_quiescent,
    .init_task = (void*)schedhint_init_task,
    .exit_task = (void*)schedhint_exit_task,
    .init = (void*)schedhint_init,
    .exit = (void*)schedhint_exit,
    .timeout_ms = WATCHDOG_MS,
    .name = "schedhint",
};
