// SPDX-License-Identifier: GPL-2.0-only
/* What a cgroup is: the weight of its tasks in the whole, its book, and its limit. */
#include "state.h"

static struct policy_quota limit_of(int cgroup) {
  struct sim_cgroup* group = &sim.cgroup[cgroup];

  return (struct policy_quota){group->period_us, group->quota_us, group->burst_us};
}

bool buys(const struct sim_task* task) {
  return hints_buy(book_of(task)->debt_ns, book_of(task)->used_ns);
}

/* Up the tree to the children of the root, as scx_flatcg. */
__u64 flat_weight(const struct sim_task* task, const struct policy_hints* hints) {
  __u64 weight = (__u64)task->weight << WEIGHT_SHIFT;

  for (int group = task->cgroup; group; group = sim.cgroup[group].parent)
    weight =
        flattened(weight, (__u64)sim.cgroup[group].weight << WEIGHT_SHIFT, books[group].active_sum);
  return weight_of(weight, hints);
}

void activate(struct sim_task* task, bool is_active) {
  __u64 weight = (__u64)task->weight << WEIGHT_SHIFT;

  if (entity_of(task)->active == is_active) return;
  entity_of(task)->active = is_active;
  for (int group = task->cgroup; group; group = sim.cgroup[group].parent) {
    books[group].active_sum += is_active ? weight : -weight;
    books[group].active += is_active ? 1 : -1;
    if (books[group].active != is_active) return; /* the group was active before, or still is */
    weight = (__u64)sim.cgroup[group].weight << WEIGHT_SHIFT;
  }
}

/* After `more_ns` of CPU time that its cgroup will have meanwhile. */
bool throttled_after(const struct sim_task* task, __u64 more_ns) {
  if (task->kthread) return false; /* nor one that exits */
  for (int group = task->cgroup; group; group = sim.cgroup[group].parent) {
    struct policy_quota limit = limit_of(group);
    __u64 until = books[group].until;

    quota_charge(&until, &limit, sim.now, more_ns);
    if (is_throttled(until, &limit, sim.now)) return true;
  }
  return false;
}

bool throttled(const struct sim_task* task) {
  return throttled_after(task, 0);
}

void charge(struct sim_task* task) {
  struct entity* entity = entity_of(task);
  struct book* book = book_of(task);
  __u64 used = sim.now - entity->charged_ns;

  entity->charged_ns = sim.now;
  entity->slow_left_ns -= at_most(used, entity->slow_left_ns);
  book_add(&book->used_ns, used);
  for (int group = task->cgroup; group; group = sim.cgroup[group].parent) {
    struct policy_quota limit = limit_of(group);

    quota_charge(&books[group].until, &limit, sim.now, used);
  }
  if (book->debt_ns) used += book_take(&book->debt_ns, used / SURCHARGE_PART);
  entity->vtime += to_virtual(used, entity->weight);
}
