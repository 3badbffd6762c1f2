/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a cgroup is: a book of what its tasks used and owe, a weight among its siblings, a limit.
 *
 * A book is a slot of an array; a task's entity has its number. Slot 0 is the root's, which has
 * neither weight nor limit. If no slot is free, or a cgroup is too deep, it shares its parent's:
 * its tasks then count as the parent's.
 */
#ifndef CGROUPS_BPF_H
#define CGROUPS_BPF_H

#include "state.bpf.h"

#define MAX_BOOKS 4096
#define MAX_DEPTH 16
#define NO_LIMIT_US (1ULL << 40) /* the kernel says ~0 */
#define BOOKED_AT_LEAST_NS POLICY_MS
#define RELEASED_AT_ONCE 1024 /* tasks of a cgroup, in a timer's call */
#define SIGNAL_GROUP_EXIT 4   /* include/linux/sched/signal.h */

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
__u32 limits;        /* cgroups with a cpu.max */

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

/* One level of the tree; returns the parent's slot. A separate function for the verifier, which
 * would follow each turn of a loop through it. */
__noinline int charge_limit(__u32 slot, __u64 now, __u64 used) {
  struct book* book = book_at(slot);

  if (!book) return 0;
  if (!quota_charge(&book->until, &book->limit, now, used)) count(STAT_lostUpdates, 1);
  return book->parent;
}

/* Charges a task that has a CPU for the time since it was last charged. */
__noinline int charge(struct entity* entity __arg_nonnull, __u64 now) {
  __u64 used = now - entity->charged_ns, repaid;
  struct book* book = book_at(entity->cgroup);
  __u32 slot = entity->cgroup;

  if ((__s64)used < 0 || !entity->charged_ns) used = 0;
  entity->charged_ns = now;
  entity->on_cpu_ns += used;
  if (entity->hinted) {
    entity->granted_ns += used;
    count(STAT_hintedNs, used);
  }
  entity->unbooked_ns += used;
  if (!book) return 0;
  if (entity->unbooked_ns >= BOOKED_AT_LEAST_NS) {
    add_to_book(&book->used_ns, entity->unbooked_ns);
    entity->unbooked_ns = 0;
  }
  for (int depth = 0; limits && depth < MAX_DEPTH && slot; depth++)
    slot = charge_limit(slot, now, used);
  if (book->debt_ns) {
    repaid = book_take(&book->debt_ns, used / SURCHARGE_PART);
    count(STAT_repaidNs, repaid);
    used += repaid;
  }
  entity->vtime += to_virtual(used, entity->weight);
  return 0;
}

#define LIMIT_REACHED MAX_BOOKS /* no slot's number */

/* One level again: the parent's slot, or that the limit is reached after `more_ns` that the
 * cgroup's tasks will have meanwhile. */
__noinline int look_at_limit(__u32 slot, __u64 now, __u64 more_ns) {
  struct book* book = book_at(slot);
  __u64 until;

  if (!book) return 0;
  until = book->until;
  if (more_ns) quota_charge(&until, &book->limit, now, more_ns);
  return is_throttled(until, &book->limit, now) ? LIMIT_REACHED : book->parent;
}

/* Has a cgroup of the task reached its limit? Kernel threads and tasks that end are never held:
 * others wait for what they have. */
static __always_inline bool throttled_after(struct task_struct* p, struct entity* entity, __u64 now,
                                            __u64 more_ns) {
  __u32 slot = entity->cgroup;

  if (p->flags & (PF_KTHREAD | PF_EXITING)) return false;
  if (BPF_CORE_READ(p, signal, flags) & SIGNAL_GROUP_EXIT) return false;
  for (int depth = 0; depth < MAX_DEPTH && slot && slot != LIMIT_REACHED; depth++)
    slot = look_at_limit(slot, now, more_ns);
  return slot == LIMIT_REACHED;
}

static __always_inline bool throttled(struct task_struct* p, struct entity* entity, __u64 now) {
  return limits && throttled_after(p, entity, now, 0);
}

static __always_inline void set_limit(struct book* book, __u64 period_us, __u64 quota_us,
                                      __u64 burst_us) {
  bool limited = quota_us < NO_LIMIT_US;

  if (limited != !!book->limit.quota_us) {
    __sync_fetch_and_add(&limits, limited ? 1 : -1);
    count(STAT_limits, limited ? 1 : -1);
  }
  book->limit.period_us = period_us;
  book->limit.burst_us = burst_us;
  book->limit.quota_us = limited ? quota_us : 0;
  if (!limited) book->until = 0;
}

/* The releasing of those that are held. */

/* Counted from here a loop's bound is no constant to the verifier, which would follow each turn. */
static volatile __u32 zero;

struct hold_timer {
  struct bpf_timer timer;
};

struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(max_entries, 1);
  __type(key, __u32);
  __type(value, struct hold_timer);
} hold_timers SEC(".maps");

/* Moves a task to the queue where it would wait if it were not held. Does not change its entity:
 * the runqueue is not locked here. */
static __always_inline void release(struct bpf_iter_scx_dsq* it, struct task_struct* p,
                                    const struct entity* entity, __u64 now, bool late) {
  __u32 number = entity->pin >= 0 ? (__u32)entity->pin : entity->llc;
  __u64 behind = to_virtual(settings.slice_ns, entity->weight);
  __u64 order = entity->due_ns, least = *clock_of(entity) - behind;
  __s32 cpu;

  if (!order) order = is_before(entity->key, least) ? least : entity->key;
  scx_bpf_dsq_move_set_slice(it, late ? settings.tick_ns : entity->slice_ns);
  scx_bpf_dsq_move_set_vtime(it, order);
  if (!scx_bpf_dsq_move_vtime(it, p, queue_id(entity->waits_in, number), 0)) return;
  if (late) count(STAT_heldTooLong, 1);
  cpu = entity->pin;
  if (cpu < 0) cpu = scx_bpf_pick_idle_cpu(p->cpus_ptr, 0);
  if (cpu >= 0) scx_bpf_kick_cpu(cpu, SCX_KICK_IDLE);
}

__noinline int release_from(__u32 slot, __u64 now) {
  struct bpf_iter_scx_dsq it;
  struct task_struct* p;
  __u64 released_ns = zero; /* each runs until a tick finds the limit reached */
  __u32 looked = zero;

  bpf_rcu_read_lock(); /* Linux 6.17 asks for it: the program that sets the timer may sleep */
  if (!bpf_iter_scx_dsq_new(&it, queue_id(QUEUE_HOLD, slot), 0)) {
    while ((p = bpf_iter_scx_dsq_next(&it)) && looked++ < RELEASED_AT_ONCE) {
      struct entity* entity = entity_of(p);
      bool late;

      if (!entity) continue;
      late = now - entity->held_since_ns > HELD_MOST_NS;
      if (throttled_after(p, entity, now, released_ns) && !late) break;
      released_ns += settings.tick_ns;
      release(&it, p, entity, now, late);
    }
  }
  bpf_iter_scx_dsq_destroy(&it);
  bpf_rcu_read_unlock();
  return 0;
}

static int release_held(void* map, __u32* key, struct hold_timer* timer) {
  __u64 now = bpf_ktime_get_ns();
  __s32 slot;

  bpf_for(slot, 1, (__s32)slots_end) {
    if (scx_bpf_dsq_nr_queued(queue_id(QUEUE_HOLD, slot)) > 0) release_from(slot, now);
  }
  if (limits) bpf_timer_start(&timer->timer, settings.tick_ns, 0);
  return 0;
}

/* Not from where a runqueue is locked: a timer's start may wake a thread. */
static __always_inline void start_timer(void) {
  __u32 only = 0;
  struct hold_timer* timer = bpf_map_lookup_elem(&hold_timers, &only);

  if (timer && limits) bpf_timer_start(&timer->timer, settings.tick_ns, 0);
}

static __always_inline __s32 init_cgroups(void) {
  __u32 only = 0;
  struct hold_timer* timer = bpf_map_lookup_elem(&hold_timers, &only);
  __s32 slot;

  if (!timer) return -ENOENT;
  if (bpf_timer_init(&timer->timer, &hold_timers, CLOCK_MONOTONIC)) return -EINVAL;
  if (bpf_timer_set_callback(&timer->timer, release_held)) return -EINVAL;
  bpf_for(slot, 1, MAX_BOOKS) {
    __u32 number = MAX_BOOKS - slot; /* the lowest is on top */

    bpf_map_push_elem(&free_slots, &number, 0);
  }
  return 0;
}

/* The ops. */

static __always_inline __u32 slot_of(struct cgroup* cgroup) {
  struct book_slot* slot = cgroup ? bpf_cgrp_storage_get(&slots, cgroup, 0, 0) : 0;

  return slot ? slot->number : 0;
}

static __always_inline struct book* own_book(struct cgroup* cgroup) {
  struct book_slot* slot = bpf_cgrp_storage_get(&slots, cgroup, 0, 0);

  return slot && slot->number && !slot->shared ? book_at(slot->number) : 0;
}

static __always_inline __u32 parent_slot(struct cgroup* cgroup) {
  struct cgroup* parent;
  __u32 slot;

  if (cgroup->level <= 1) return 0;
  parent = bpf_cgroup_ancestor(cgroup, cgroup->level - 1);
  if (!parent) return 0;
  slot = slot_of(parent);
  bpf_cgroup_release(parent);
  return slot;
}

s32 BPF_STRUCT_OPS_SLEEPABLE(schedhint_cgroup_init, struct cgroup* cgroup,
                             struct scx_cgroup_init_args* args) {
  struct book_slot* slot = bpf_cgrp_storage_get(&slots, cgroup, 0, BPF_LOCAL_STORAGE_GET_F_CREATE);
  __u32 number, parent = parent_slot(cgroup);
  struct book* book;
  __s32 error;

  if (!slot) return -ENOMEM;
  *slot = (struct book_slot){.number = parent, .shared = true};
  if (!cgroup->level || cgroup->level > MAX_DEPTH || bpf_map_pop_elem(&free_slots, &number))
    return 0;
  book = book_at(number);
  error = book ? scx_bpf_create_dsq(queue_id(QUEUE_HOLD, number), -1) : -ENOENT;
  if (error) {
    bpf_map_push_elem(&free_slots, &number, 0);
    return error;
  }
  book->parent = parent;
  book->weight = (__u64)args->weight << WEIGHT_SHIFT;
  book->idle = bpf_core_field_exists(args->sched_idle) ? args->sched_idle : false;
  book->active = 0;
  book->active_sum = book->counted = 0;
  book->debt_ns = book->used_ns = book->until = 0;
  book->limit = (struct policy_quota){};
  if (slots_end <= number) slots_end = number + 1;
  *slot = (struct book_slot){.number = number};
  count(STAT_cgroups, 1);
  if (!bpf_core_field_exists(args->bw_quota_us)) return 0;
  set_limit(book, args->bw_period_us, args->bw_quota_us, args->bw_burst_us);
  start_timer();
  return 0;
}

/* Its debt and its use go to its parent. */
void BPF_STRUCT_OPS_SLEEPABLE(schedhint_cgroup_exit, struct cgroup* cgroup) {
  struct book *book = own_book(cgroup), *parent;
  __u32 number = slot_of(cgroup);

  if (!book) return;
  parent = book_at(book->parent);
  if (parent) {
    add_to_book(&parent->debt_ns, book->debt_ns);
    add_to_book(&parent->used_ns, book->used_ns);
  }
  set_limit(book, 0, ~0ULL, 0);
  scx_bpf_destroy_dsq(queue_id(QUEUE_HOLD, number));
  bpf_map_push_elem(&free_slots, &number, 0);
  count(STAT_cgroups, -1);
}

void BPF_STRUCT_OPS(schedhint_cgroup_move, struct task_struct* p, struct cgroup* from,
                    struct cgroup* to) {
  struct entity* entity = entity_of(p);

  if (!entity) return;
  activate(entity, 0); /* it is not queued now, and is runnable again after the move */
  entity->cgroup = slot_of(to);
}

void BPF_STRUCT_OPS(schedhint_cgroup_set_weight, struct cgroup* cgroup, u32 weight) {
  struct book* book = own_book(cgroup);

  if (book) set_book_weight(book, (__u64)weight << WEIGHT_SHIFT, book->idle);
}

void BPF_STRUCT_OPS(schedhint_cgroup_set_idle, struct cgroup* cgroup, bool idle) {
  struct book* book = own_book(cgroup);

  if (book) set_book_weight(book, book->weight, idle);
}

void BPF_STRUCT_OPS(schedhint_cgroup_set_bandwidth, struct cgroup* cgroup, u64 period_us,
                    u64 quota_us, u64 burst_us) {
  struct book* book = own_book(cgroup);

  if (!book) return;
  set_limit(book, period_us, quota_us, burst_us);
  start_timer();
}

#endif /* CGROUPS_BPF_H */
