/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The book of a cgroup: what its tasks used and owe, its weight among its siblings, its limit.
 *
 * A book is a slot of an array; a task's entity has its number. Slot 0 is the root's, which has
 * neither weight nor limit. If no slot is free, or a cgroup is too deep, it shares its parent's:
 * its tasks then count as the parent's.
 */
#ifndef BOOKS_BPF_H
#define BOOKS_BPF_H

#include "state.bpf.h"

#define MAX_BOOKS 4096
#define MAX_DEPTH 16

struct book {
  struct bpf_spin_lock lock; /* for the five after it */
  __s32 active;              /* active tasks and children */
  __u64 active_sum;          /* the sum of their weights */
  __u64 weight;
  __u64 counted; /* the weight with which it is in its parent's active_sum; 0: it is not active */
  __u32 parent;
  bool idle; /* cpu.idle */
  __u64 debt_ns, used_ns;
  __u64 until; /* cpu.max: see quota_charge() */
  struct policy_quota limit;
} __attribute__((aligned(128)));

struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(max_entries, MAX_BOOKS);
  __type(key, __u32);
  __type(value, struct book);
} books SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_STACK);
  __uint(max_entries, MAX_BOOKS);
  __type(value, __u32);
} free_slots SEC(".maps");

struct book_slot {
  __u32 number;
  bool shared; /* it is the parent's */
};

struct {
  __uint(type, BPF_MAP_TYPE_CGRP_STORAGE);
  __uint(map_flags, BPF_F_NO_PREALLOC);
  __type(key, int);
  __type(value, struct book_slot);
} slots SEC(".maps");

__u32 slots_end = 1; /* all that were ever used are below */

static __always_inline struct book* book_at(__u32 slot) {
  return bpf_map_lookup_elem(&books, &slot);
}

static __always_inline __u64 weight_of_book(const struct book* book) {
  return book->idle ? bounded_weight(1ULL << WEIGHT_SHIFT) : book->weight;
}

/* Adds to a number that other CPUs change too. */
static __always_inline void add_to_book(__u64* number, __u64 ns) {
  if (!book_add(number, ns)) count(STAT_lostUpdates, 1);
}

/* One level: returns the parent's slot. As charge_limit(), for the verifier. */
__noinline int flatten(__u32 slot, __u64* weight __arg_nonnull) {
  struct book* book = book_at(slot);

  if (!book) return 0;
  *weight = flattened(*weight, weight_of_book(book), book->active_sum);
  return book->parent;
}

/* Up the tree to the children of the root, as scx_flatcg. */
static __always_inline __u64 flat_weight(const struct task_struct* p, const struct entity* entity) {
  __u64 weight = (__u64)p->scx.weight << WEIGHT_SHIFT;
  __u32 slot = entity->cgroup;

  for (int depth = 0; depth < MAX_DEPTH && slot; depth++) slot = flatten(slot, &weight);
  return weight;
}

/* A change of what a slot has: goes up to the parent if the cgroup begins or ceases to be active.
 */
struct change {
  __u64 weight;
  __s32 members;
  __u32 slot;
};

/* One level, as charge_limit(), with its lock held: changes of several CPUs commute. */
__noinline int count_level(struct change* change __arg_nonnull) {
  struct book* book = book_at(change->slot);
  __s32 members = change->members;
  __u64 weight = change->weight;
  bool was, is;

  change->slot = 0;
  if (!book) return 0;
  bpf_spin_lock(&book->lock);
  was = book->active > 0;
  book->active += members;
  book->active_sum += weight;
  is = book->active > 0;
  weight = (is ? weight_of_book(book) : 0) - book->counted;
  if (is != was) {
    book->counted += weight;
    change->slot = book->parent;
  }
  bpf_spin_unlock(&book->lock);
  change->weight = weight;
  change->members = is - was;
  return 0;
}

static __always_inline void count_active(__u32 slot, __s32 members, __u64 weight) {
  struct change change = {.weight = weight, .members = members, .slot = slot};

  for (int depth = 0; depth < MAX_DEPTH && change.slot; depth++) count_level(&change);
}

/* A task is runnable with this weight; 0: it is not. */
__noinline int activate(struct entity* entity __arg_nonnull, __u64 weight) {
  __u64 was = entity->active_weight;

  if (weight == was) return 0;
  entity->active_weight = weight;
  if (!was || !weight) count(STAT_active, weight ? 1 : -1);
  count_active(entity->cgroup, !!weight - !!was, weight - was);
  return 0;
}

/* Its own weight among its siblings has changed. */
static __always_inline void set_book_weight(struct book* book, __u64 weight, bool idle) {
  __u64 change = 0;
  __u32 parent;

  bpf_spin_lock(&book->lock);
  book->weight = weight;
  book->idle = idle;
  if (book->counted) {
    change = weight_of_book(book) - book->counted;
    book->counted += change;
  }
  parent = book->parent;
  bpf_spin_unlock(&book->lock);
  if (change) count_active(parent, 0, change);
}

static __always_inline bool buys(const struct entity* entity) {
  struct book* book = book_at(entity->cgroup);

  return book && (!book->debt_ns || hints_buy(book->debt_ns, book->used_ns));
}

/* Debt: `ns` of the task's turn were beyond its share, and hints had brought it. */
static __always_inline void owe(const struct entity* entity, __u64 ns) {
  struct book* book = book_at(entity->cgroup);

  if (!book) return;
  add_to_book(&book->debt_ns, ns);
  count(STAT_owedNs, ns);
}

#endif /* BOOKS_BPF_H */
