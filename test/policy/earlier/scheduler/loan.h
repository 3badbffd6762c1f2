/* SPDX-License-Identifier: MIT OR BSD-2-Clause OR GPL-2.0 */
/*
 * What a hint can buy is a loan: CPU time ahead of the fair share, charged in full and owed.
 *
 * A task's virtual time is its CPU time divided by its weight, and the scheduler's clock is the
 * virtual time that the queue has reached. A task that was put ahead of the queue runs until its
 * own has come up to the clock like any other; beyond that its time goes to its account instead, as
 * a debt. Nothing is lost: what a task used is in its virtual time or in its debt.
 *
 * An account belongs to a process, and to the children it forks until they start another program:
 * threads and children find the debt as it is, and cannot leave it by ending. A program that is
 * started begins a new account only if nothing is owed. What is owed when the last task of
 * an account ends is left to the cgroup, and whatever runs there repays it.
 *
 * Repaying: while no task of an account needs a CPU, a share that it does not use repays. While it
 * runs, it is charged a quarter more until the debt is gone (as much again for one that was left to
 * the cgroup). So an honest process is never stopped
 * dead for having collected its garbage. To be charged more is to wait longer afterwards, so a task
 * that goes to sleep or ends before it has waited has not repaid: that part of the debt goes back
 * to where it was.
 *
 * Three limits, each on what is owed at a moment: by an account, by a cgroup's accounts with what
 * was left to it, and by all. At a limit the hints buy nothing until some of it is repaid. And
 * credit is earned: an account owes no more than a twentieth of the CPU time that its tasks have
 * used, so one short program after the other borrows 5% at most.
 */
#ifndef LOAN_H
#define LOAN_H

#include "counts.h"

#define EARNED_BY 20
#define REPAID_BY 4 /* of the CPU time that is used, one part in so many */

struct account {
  __u64 debt_ns;
  __u64 cgroup;     /* its id, where the debt counts too; only changed while nothing is owed */
  __u64 used_ns;    /* CPU time of its tasks, ever */
  __u64 granted_ns; /* of which in turns that were had by a hint */
  __u64 idle_at;    /* virtual time from which on its share is not used: all of its tasks sleep */
  __u32 tasks;
  __u32 runnable;
  __u32 queued;           /* in the common queue: to be looked for when a pause begins */
  __u32 refused;          /* times that a hint of its tasks was not followed */
  __u64 urgency_ns;       /* when a task of this urgency was last looked at; 0: never */
  __u64 deadline_seen_ns; /* the same for the deadline */
  __u64 deadline_ns;
  __u32 urgency;
  __u32 reserved;
};

struct {
  __uint(type, BPF_MAP_TYPE_HASH);
  __uint(map_flags, BPF_F_NO_PREALLOC);
  __uint(max_entries, 65536);
  __type(key, __u64);
  __type(value, struct account);
} accounts SEC(".maps");

struct cgroup_debt {
  __u64 debt_ns;     /* of its accounts, and left to it */
  __u64 orphaned_ns; /* of which left to it */
};

/* The least recently used goes when it is full: most likely one whose cgroup is no more. */
struct {
  __uint(type, BPF_MAP_TYPE_LRU_HASH);
  __uint(max_entries, 4096);
  __type(key, __u64);
  __type(value, struct cgroup_debt);
} cgroup_debts SEC(".maps");

static __u64 system_debt_ns;
static __u64 orphaned_total_ns;
static __u64 last_account = 1ULL << 32; /* below: the process ids of those that were there first */

static __always_inline __u64 cgroup_of(struct task_struct* p) {
  return BPF_CORE_READ(p, cgroups, dfl_cgrp, kn, id);
}

/* Takes up to `most` from a number that others change too, and returns how much: nothing, if
 * somebody else changed it just now. */
static __always_inline __u64 take(__u64* from, __u64 most) {
  __u64 there = *(volatile __u64*)from;

  if (most > there) most = there;
  if (!most || __sync_val_compare_and_swap(from, there, there - most) != there) return 0;
  return most;
}

/* Takes what is known to be in there. */
static __always_inline void take_all_of(__u64* from, __u64 ns) {
  __sync_fetch_and_sub(from, ns);
}

static __always_inline struct account* account_open(__u64 id) {
  static const struct account empty;
  struct account* account;

  account = bpf_map_lookup_elem(&accounts, &id);
  if (account) return account;
  bpf_map_update_elem(&accounts, &id, &empty, BPF_NOEXIST);
  return bpf_map_lookup_elem(&accounts, &id);
}

static __always_inline struct cgroup_debt* cgroup_debt_open(__u64 id) {
  static const struct cgroup_debt empty;
  struct cgroup_debt* debt;

  debt = bpf_map_lookup_elem(&cgroup_debts, &id);
  if (debt) return debt;
  bpf_map_update_elem(&cgroup_debts, &id, &empty, BPF_NOEXIST);
  return bpf_map_lookup_elem(&cgroup_debts, &id);
}

/* May a task of this account be put ahead? */
static __always_inline bool loan_granted(struct account* account, struct task_struct* p) {
  struct cgroup_debt* cgroup;
  __u64 id, most = account->used_ns / EARNED_BY;

  if (most > settings.process_loan_ns) most = settings.process_loan_ns;
  if (account->debt_ns >= most) {
    count(STAT_refusedProcess, 1);
    return false;
  }
  id = account->debt_ns ? account->cgroup : cgroup_of(p);
  cgroup = bpf_map_lookup_elem(&cgroup_debts, &id);
  if (cgroup && cgroup->debt_ns >= settings.cgroup_loan_ns) {
    count(STAT_refusedCgroup, 1);
    return false;
  }
  if (system_debt_ns >= settings.system_loan_ns) {
    count(STAT_refusedSystem, 1);
    return false;
  }
  return true;
}

static __always_inline void loan_take(struct account* account, struct task_struct* p, __u64 ns) {
  struct cgroup_debt* cgroup;
  __u64 id;

  if (!account->debt_ns) account->cgroup = cgroup_of(p);
  id = account->cgroup;
  cgroup = cgroup_debt_open(id);
  if (cgroup) __sync_fetch_and_add(&cgroup->debt_ns, ns);
  __sync_fetch_and_add(&account->debt_ns, ns);
  __sync_fetch_and_add(&system_debt_ns, ns);
}

/* Repays up to `most` of what the account owes and returns how much. */
static __always_inline __u64 loan_repay(struct account* account, __u64 most) {
  __u64 paid = take(&account->debt_ns, most);
  struct cgroup_debt* cgroup;
  __u64 id;

  if (!paid) return 0;
  id = account->cgroup;
  cgroup = bpf_map_lookup_elem(&cgroup_debts, &id);
  if (cgroup) take_all_of(&cgroup->debt_ns, paid);
  take_all_of(&system_debt_ns, paid);
  return paid;
}

/* The same for what was left to the cgroup of a task. */
static __always_inline __u64 loan_repay_orphaned(struct task_struct* p, __u64 most) {
  struct cgroup_debt* cgroup;
  __u64 id, paid;

  if (!orphaned_total_ns) return 0; /* nearly always */
  id = cgroup_of(p);
  cgroup = bpf_map_lookup_elem(&cgroup_debts, &id);
  if (!cgroup) return 0;
  paid = take(&cgroup->orphaned_ns, most);
  take_all_of(&cgroup->debt_ns, paid);
  take_all_of(&orphaned_total_ns, paid);
  return paid;
}

/* Takes back what was repaid so. */
static __always_inline void loan_orphan(struct task_struct* p, __u64 ns) {
  struct cgroup_debt* cgroup = cgroup_debt_open(cgroup_of(p));

  if (!cgroup) return;
  __sync_fetch_and_add(&cgroup->debt_ns, ns);
  __sync_fetch_and_add(&cgroup->orphaned_ns, ns);
  __sync_fetch_and_add(&orphaned_total_ns, ns);
}

static __always_inline void account_join(struct account* account) {
  __sync_fetch_and_add(&account->tasks, 1);
}

/* A task leaves; the last one leaves the debt to the cgroup. The system's limit is on loans that
 * somebody can still be asked to repay. */
static __always_inline void account_leave(__u64 id) {
  struct account* account = bpf_map_lookup_elem(&accounts, &id);
  struct cgroup_debt* cgroup;
  __u64 debt, cgroup_id;

  if (!account || __sync_fetch_and_sub(&account->tasks, 1) != 1) return;
  debt = account->debt_ns;
  if (debt) {
    cgroup_id = account->cgroup;
    cgroup = bpf_map_lookup_elem(&cgroup_debts, &cgroup_id);
    if (cgroup) {
      __sync_fetch_and_add(&cgroup->orphaned_ns, debt);
      __sync_fetch_and_add(&orphaned_total_ns, debt);
    }
    take_all_of(&system_debt_ns, debt);
    count(STAT_orphanedNs, debt);
  }
  bpf_map_delete_elem(&accounts, &id);
}

#endif /* LOAN_H */
