/* SPDX-License-Identifier: MIT OR BSD-2-Clause OR GPL-2.0 */
/* What a task hints, by its block or its task local data; and what is reported in its block. */
#ifndef HINTS_H
#define HINTS_H

#include "counts.h"
#include "loan.h"
#include "task.h"
#include "tld.h"

SCHEDHINT_MAP(schedhint);

/* The queues, by class. */
enum { BEHIND = 1, FAIR = 2, AHEAD = 3 };

static __u64 pause_seen_ns; /* the last time that a task was found in a pause, or helping */

/* libuv names its threads, where it does; the kernel keeps the first 15 characters. */
static __always_inline bool is_libuv(struct task_struct* p) {
  return p->comm[0] == 'l' && p->comm[1] == 'i' && p->comm[2] == 'b' && p->comm[3] == 'u' &&
         p->comm[4] == 'v' && p->comm[5] == '-';
}

static __always_inline struct account* account_of(struct task* task) {
  return task->account ? bpf_map_lookup_elem(&accounts, &task->account) : 0;
}

/* Finds the task's blocks, once for an event. */
static __always_inline void find(struct task_struct* p, struct task* task, __u64 now,
                                 struct schedhint_ctx* found) {
  found->now = now;
  found->known = &task->known;
  schedhint_lookup(&schedhint, p, found);
}

/* What the threads of a pool inherit is forgotten so long after the last look at a thread that
 * hints it, also where that thread sleeps because it waits for them. */
#define INHERITED_NS 100000000ULL

/* Remembers the most urgent hints of a process, for its pool. Several CPUs may do so at a time:
 * what the last one writes is true, too. */
static __always_inline void bequeath(struct task* task, __u64 now) {
  __u32 urgency = schedhint_urgency(&task->group);
  __u64 deadline_ns = task->group.deadline_ns;
  struct account* account;

  if ((urgency <= SCHEDHINT_URGENCY_NORMAL && deadline_ns <= now) ||
      schedhint_is_batch(&task->group))
    return;
  account = account_of(task);
  if (!account) return;
  if (urgency >= account->urgency || now >= account->urgency_ns + INHERITED_NS) {
    account->urgency = urgency;
    account->urgency_ns = now;
  }
  if (deadline_ns > now && (account->deadline_ns <= now || deadline_ns <= account->deadline_ns ||
                            now >= account->deadline_seen_ns + INHERITED_NS)) {
    account->deadline_ns = deadline_ns;
    account->deadline_seen_ns = now;
  }
}

/* Work in the pool is as urgent as those who wait for it. */
static __always_inline void inherit_hints(struct task* task, __u64 now) {
  struct account* account = account_of(task);

  __builtin_memset(&task->group, 0, sizeof(task->group));
  if (!account) return;
  if (account->urgency > SCHEDHINT_URGENCY_NORMAL && now < account->urgency_ns + INHERITED_NS)
    task->group.urgency = account->urgency;
  if (account->deadline_ns > now && now < account->deadline_seen_ns + INHERITED_NS)
    task->group.deadline_ns = account->deadline_ns;
}

/* Does the task have hints? They are in task->group and task->in_gc then. */
static __always_inline bool read_hints(struct task_struct* p, struct task* task,
                                       struct schedhint_ctx* found) {
  task->in_gc = 0;
  if (found->thread) {
    if (!schedhint_read_group(found, &task->group)) count(STAT_groupsKept, 1);
    task->in_gc = schedhint_in_pause(found);
    task->inherits = 0;
    if (settings.hints & HINT_POOL) bequeath(task, found->now);
    return true;
  }
  task->inherits = (settings.hints & HINT_POOL) && schedhint_inherits(found);
  if (task->inherits) {
    inherit_hints(task, found->now);
    return false;
  }
  if (settings.tld && tld_hints(p, &task->tld, &task->group, &task->in_gc)) {
    count(STAT_tld, 1);
    return true;
  }
  if (task->group.urgency || task->group.hints || task->group.slice_us || task->group.deadline_ns)
    __builtin_memset(&task->group, 0, sizeof(task->group)); /* it has detached */
  return false;
}

/* Task local data says nothing of the process: there the leader's pauses have helpers. */
static __always_inline bool leader_in_gc(struct task_struct* p) {
  struct task_struct* leader = p->group_leader;
  struct task* task = leader ? bpf_task_storage_get(&tasks, leader, 0, 0) : 0;

  return task && task->in_gc && leader != p;
}

static __always_inline bool helps(struct task_struct* p, struct task* task,
                                  struct schedhint_ctx* found) {
  if (!task->account || is_libuv(p)) return false;
  return schedhint_helps_gc(found) || (settings.tld && leader_in_gc(p));
}

/* Looks at what the task hints, and says which class it asks for. */
static __always_inline __u32 wish(struct task_struct* p, struct task* task,
                                  struct schedhint_ctx* found) {
  bool hints = read_hints(p, task, found);

  if (hints && (settings.hints & HINT_BATCH) && schedhint_is_batch(&task->group)) return BEHIND;
  if (hints ? !task->in_gc : !helps(p, task, found)) return FAIR;
  pause_seen_ns = found->now;
  return settings.hints & (hints ? HINT_GC : HINT_HELPERS) ? AHEAD : FAIR;
}

static __always_inline void publish(struct task* task, struct schedhint_ctx* found) {
  struct schedhint_feedback feedback;
  struct account* account;

  if (!found->thread) return;
  feedback = (struct schedhint_feedback){
      .seen_ns = found->now,
      .run_delay_ns = task->run_delay_ns,
      .gc_run_delay_ns = task->gc_run_delay_ns,
      .on_cpu_ns = task->on_cpu_ns,
      .preempted = task->preempted,
      .gc_preempted = task->gc_preempted,
      .granted_ns = task->granted_ns,
      .refused = task->refused,
      .reader_id = settings.reader_id,
      .flags = ((settings.hints & HINT_GC) ? SCHEDHINT_R_GC : 0) |
               ((settings.hints & HINT_HELPERS) ? SCHEDHINT_R_HELPERS : 0) |
               ((settings.hints & HINT_DEADLINE) ? SCHEDHINT_R_DEADLINE : 0) |
               ((settings.hints & HINT_URGENCY) ? SCHEDHINT_R_URGENCY : 0) |
               ((settings.hints & HINT_SLICE) ? SCHEDHINT_R_SLICE : 0) |
               ((settings.hints & HINT_BATCH) ? SCHEDHINT_R_BATCH : 0),
  };
  if (!schedhint_publish(found, &feedback)) return;
  account = account_of(task);
  if (account && (account->granted_ns || account->refused))
    schedhint_publish_process(found, settings.reader_id, account->granted_ns, 0, account->refused);
}

#endif /* HINTS_H */
