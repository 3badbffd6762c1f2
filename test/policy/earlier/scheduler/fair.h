/* SPDX-License-Identifier: MIT OR BSD-2-Clause OR GPL-2.0 */
/* Weighted fair queueing: what a task is charged, and where it stands. */
#ifndef FAIR_H
#define FAIR_H

#include "hints.h"
#include "loan.h"

#define MS 1000000ULL
#define LONGEST_WAIT (5000 * MS)

static __u64 clock_now; /* the virtual time that the fair queue has reached */

static __always_inline bool before(__u64 a, __u64 b) {
  return (__s64)(a - b) < 0;
}

static __always_inline void advance_clock(__u64 to) {
  if (before(clock_now, to)) clock_now = to; /* a race loses one of two that are nearly the same */
}

/* The class that it gets. */
static __always_inline __u32 classify(struct task_struct* p, struct task* task,
                                      struct schedhint_ctx* found) {
  __u32 wished = wish(p, task, found);
  struct account* account;

  if (wished != AHEAD) return wished;
  account = account_of(task);
  if (account && loan_granted(account, p)) return AHEAD;
  task->refused++;
  if (account) __sync_fetch_and_add(&account->refused, 1);
  return FAIR;
}

static __always_inline __u64 to_virtual(struct task_struct* p, __u64 ns) {
  return ns * 100 / (p->scx.weight ?: 1);
}

static __always_inline __u64 from_virtual(struct task_struct* p, __u64 time) {
  return time * (p->scx.weight ?: 1) / 100;
}

/* Repays what the account owes, or else what was left to the cgroup; the task is charged as much.
 * That is repaid sooner: who leaves debts behind may be about to leave more. */
static __always_inline __u64 repay(struct task_struct* p, struct task* task,
                                   struct account* account, __u64 most, __u64 most_orphaned) {
  __u64 paid = loan_repay(account, most);

  if (!paid) {
    paid = loan_repay_orphaned(p, most_orphaned);
    task->repaid_orphaned_ns += paid;
  }
  task->repaid_ns += paid;
  if (paid) count(STAT_repaidNs, paid);
  return paid;
}

/* Charges the time on the CPU since the last time. loan.h says what goes where. */
static __always_inline void charge(struct task_struct* p, struct task* task, __u64 now) {
  struct account* account = account_of(task);
  __u64 used, time, fair = 0;

  used = now > task->charged_ns ? now - task->charged_ns : 0;
  task->charged_ns = now;
  task->on_cpu_ns += used;
  if (account) __sync_fetch_and_add(&account->used_ns, used);
  if (task->ahead && account && scx_bpf_dsq_nr_queued(FAIR) > 0) {
    task->granted_ns += used;
    __sync_fetch_and_add(&account->granted_ns, used);
    time = to_virtual(p, used);
    if (before(task->time, clock_now)) fair = clock_now - task->time;
    if (fair > time) fair = time;
    task->time += fair;
    if (time > fair) {
      loan_take(account, p, from_virtual(p, time - fair));
      count(STAT_lentNs, from_virtual(p, time - fair));
    }
    return;
  }
  if (account) used += repay(p, task, account, used / REPAID_BY, used);
  task->time += to_virtual(p, used);
  /* No task waits, so this is taken from none. */
  if (task->ahead) advance_clock(task->time);
}

/* Where a task stands within its class: its virtual time, less or more a slice for its urgency, and
 * less a slice for a deadline. */
static __always_inline __u64 order_of(struct task* task, __u64 now) {
  __u64 order = task->time, slice = settings.slice_ns, slack;
  __u32 urgency = schedhint_urgency(&task->group);

  if (settings.hints & HINT_URGENCY) {
    order += slice;
    order -= slice * urgency / SCHEDHINT_URGENCY_NORMAL;
  }
  /* It counts from five slices before on, and once it is past no more. */
  if ((settings.hints & HINT_DEADLINE) && schedhint_slack(&task->group, now, &slack) &&
      slack < 5 * slice)
    order -= slice - slack / 5;
  return order;
}

static __always_inline bool is_urgent(struct task* task) {
  return (settings.hints & HINT_URGENCY) &&
         schedhint_urgency(&task->group) > SCHEDHINT_URGENCY_NORMAL;
}

static __always_inline bool is_due(struct task* task, __u64 now) {
  return (settings.hints & HINT_DEADLINE) && task->group.deadline_ns > now;
}

/* Counts what gives a task that is queued another place in the order. */
static __always_inline void count_ordered(struct task* task, __u64 now) {
  bool urgent = is_urgent(task), due = is_due(task, now);

  if (urgent) count(STAT_urgency, 1);
  if (due) count(STAT_deadline, 1);
  if (task->inherits && (urgent || due)) count(STAT_inherited, 1);
}

/* Long queues get short slices, so that a second sees everyone. */
static __always_inline __u64 slice_of(struct task* task) {
  __u64 slice = settings.slice_ns, wished = task->group.slice_us * 1000ULL;
  __u64 queued = scx_bpf_dsq_nr_queued(FAIR), share;

  if ((settings.hints & HINT_SLICE) && wished) {
    slice = wished < 2 * slice ? wished : 2 * slice;
    count(STAT_slice, 1);
  }
  share = 1000 * MS * topology.cpus / (queued + 1);
  if (slice > share) slice = share;
  return slice > settings.min_slice_ns ? slice : settings.min_slice_ns;
}

/* Nobody saves up more than a slice by sleeping, or a second by being kept from the CPUs. Nobody is
 * sent further back than the queue will come in LONGEST_WAIT: a task of a small weight would starve
 * in a long queue. */
static __always_inline void bound_time(struct task* task, bool woken) {
  __u64 latest = clock_now - (woken ? settings.slice_ns : 1000 * MS);
  __u64 queued = scx_bpf_dsq_nr_queued(FAIR), furthest;

  if (before(task->time, latest)) task->time = latest;
  furthest = clock_now + LONGEST_WAIT * topology.cpus / (queued + topology.cpus);
  if (before(furthest, task->time)) task->time = furthest;
}

/* Counts one that waits in the fair queue, for the account's next pause. */
static __always_inline void note_queued(struct task* task, __u32 class) {
  struct account* account;

  if (task->queued == class) return;
  account = account_of(task);
  if (account && class == FAIR) __sync_fetch_and_add(&account->queued, 1);
  if (account && task->queued == FAIR) __sync_fetch_and_sub(&account->queued, 1);
  task->queued = class;
}

/* The part of what it was charged besides that is still ahead of it. */
static __always_inline __u64 not_waited_for(struct task_struct* p, struct task* task) {
  __u64 ahead = before(clock_now, task->time) ? from_virtual(p, task->time - clock_now) : 0;

  return ahead < task->repaid_ns ? ahead : task->repaid_ns;
}

/* Gives back what a task has not waited for when it goes to sleep, or ends. */
static __always_inline void unpay(struct task_struct* p, struct task* task,
                                  struct account* account) {
  __u64 owed = not_waited_for(p, task), orphaned = task->repaid_orphaned_ns;

  if (orphaned > owed) orphaned = owed;
  if (orphaned) loan_orphan(p, orphaned);
  if (owed > orphaned) loan_take(account, p, owed - orphaned);
  if (owed) count(STAT_repaidNs, -owed);
  task->time -= to_virtual(p, owed);
  task->repaid_ns = 0;
  task->repaid_orphaned_ns = 0;
}

#endif /* FAIR_H */
