/* SPDX-License-Identifier: GPL-2.0-only */
/* What tasks are charged, and how the scheduler follows cgroups as they come, change and go. */
#ifndef CGROUPS_BPF_H
#define CGROUPS_BPF_H

#include "limits.bpf.h"

#define BOOKED_AT_LEAST_NS POLICY_MS

/* Charges a task that has a CPU for the time since it was last charged. */
__noinline int charge(struct entity* entity __arg_nonnull, __u64 now) {
  __u64 used = now - entity->charged_ns, repaid;
  struct book* book = book_at(entity->cgroup);
  __u32 slot = entity->cgroup;

  if ((__s64)used < 0 || !entity->charged_ns) used = 0;
  entity->charged_ns = now;
  entity->on_cpu_ns += used;
  entity->slow_left_ns -= at_most(used, entity->slow_left_ns);
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

static __always_inline __s32 init_cgroups(void) {
  __s32 slot;

  bpf_for(slot, 1, MAX_BOOKS) {
    __u32 number = MAX_BOOKS - slot; /* the lowest is on top */

    bpf_map_push_elem(&free_slots, &number, 0);
  }
  return init_timer();
}

static __always_inline __u64 active_weight_of(const struct task_struct* p) {
  return (__u64)p->scx.weight << WEIGHT_SHIFT;
}

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
