/* SPDX-License-Identifier: GPL-2.0-only */
/* What a task hints, as its block says; and what the scheduler reports to it. */
#ifndef LOOK_BPF_H
#define LOOK_BPF_H

#include "state.bpf.h"

SCHEDHINT_MAP(schedhint);

/* What the threads of a pool inherit is forgotten this long after the last look at a thread that
 * hints it, also if that thread sleeps because it waits for them. */
#define INHERITED_NS (100 * POLICY_MS)

static __always_inline bool acts_on(enum hint hint) {
  return settings.hints & hint;
}

static __always_inline struct entity* leader_of(struct task_struct* p) {
  struct task_struct* leader = p->group_leader;

  return leader ? bpf_task_storage_get(&entities, leader, 0, 0) : 0;
}

/* Remembers the most urgent hints of a process, for its pool. Several CPUs may do so at a time:
 * what the last one writes is true, too. */
static __always_inline void bequeath(struct task_struct* p, const struct entity* entity,
                                     __u64 now) {
  __u64 deadline_ns = entity->group.deadline_ns;
  __u32 urgency = schedhint_urgency(&entity->group);
  struct entity* leader;

  if (schedhint_is_batch(&entity->group)) return;
  if (urgency <= SCHEDHINT_URGENCY_NORMAL && deadline_ns <= now) return;
  leader = leader_of(p);
  if (!leader) return;
  if (urgency >= leader->pool_urgency || now >= leader->pool_urgency_ns + INHERITED_NS) {
    leader->pool_urgency = urgency;
    leader->pool_urgency_ns = now;
  }
  if (deadline_ns > now &&
      (leader->pool_deadline_ns <= now || deadline_ns <= leader->pool_deadline_ns ||
       now >= leader->pool_deadline_seen_ns + INHERITED_NS)) {
    leader->pool_deadline_ns = deadline_ns;
    leader->pool_deadline_seen_ns = now;
  }
}

/* Work in the pool is as urgent as the threads that wait for it. */
static __always_inline void inherit_hints(struct task_struct* p, struct entity* entity, __u64 now) {
  struct entity* leader = leader_of(p);

  if (!leader) return;
  if (leader->pool_urgency > SCHEDHINT_URGENCY_NORMAL &&
      now < leader->pool_urgency_ns + INHERITED_NS)
    entity->group.urgency = leader->pool_urgency;
  if (leader->pool_deadline_ns > now && now < leader->pool_deadline_seen_ns + INHERITED_NS)
    entity->group.deadline_ns = leader->pool_deadline_ns;
  if (entity->group.urgency || entity->group.deadline_ns) count(STAT_inherited, 1);
}

/* Looks at what a task hints now: entity->hints. */
__noinline int look(struct task_struct* p __arg_trusted, struct entity* entity __arg_nonnull,
                    __u64 now) {
  struct schedhint_ctx found = {.now = now, .known = &entity->known};
  bool helps = false;

  if (!schedhint_lookup(&schedhint, p, &found) && !entity->in_pause && !entity->group.hints &&
      !entity->group.urgency && !entity->group.deadline_ns) {
    entity->hints = (struct policy_hints){};
    return 0;
  }
  entity->in_pause = schedhint_in_pause(&found);
  entity->inherits = false;
  if (found.thread) {
    if (!schedhint_read_group(&found, &entity->group)) count(STAT_groupsKept, 1);
    if (acts_on(HINT_POOL)) bequeath(p, entity, now);
  } else {
    entity->group = (struct schedhint_group){}; /* it has none, or has detached */
    helps = schedhint_helps_gc(&found);
    entity->inherits = acts_on(HINT_POOL) && schedhint_inherits(&found);
    if (entity->inherits) inherit_hints(p, entity, now);
  }
  entity->hints = (struct policy_hints){
      .deadline_ns = acts_on(HINT_DEADLINE) ? entity->group.deadline_ns : 0,
      .runtime_ns = entity->group.runtime_us * 1000ULL,
      .urgency = acts_on(HINT_URGENCY) ? entity->group.urgency : 0,
      .pause = (entity->in_pause && acts_on(HINT_GC)) || (helps && acts_on(HINT_HELPERS)),
      .batch = acts_on(HINT_BATCH) && schedhint_is_batch(&entity->group),
  };
  return 0;
}

/* Reports to the task's block. Called with its runqueue locked, so a block has one writer. */
__noinline int publish(struct task_struct* p __arg_trusted, struct entity* entity __arg_nonnull,
                       __u64 now) {
  struct schedhint_ctx found = {.now = now, .known = &entity->known};
  struct schedhint_feedback feedback;
  struct entity* leader;

  if (!schedhint_lookup(&schedhint, p, &found) || !found.thread) return 0;
  feedback = (struct schedhint_feedback){
      .seen_ns = now,
      .run_delay_ns = entity->run_delay_ns,
      .gc_run_delay_ns = entity->gc_run_delay_ns,
      .on_cpu_ns = entity->on_cpu_ns,
      .granted_ns = entity->granted_ns,
      .throttled_ns = entity->throttled_ns,
      .preempted = entity->preempted,
      .gc_preempted = entity->gc_preempted,
      .refused = entity->refused,
      .flags = settings.reader_flags,
      .reader_id = settings.reader_id,
  };
  if (!schedhint_publish(&found, &feedback)) return 0;
  if (!entity->granted_ns && !entity->throttled_ns && !entity->refused) return 0;
  leader = leader_of(p);
  if (!leader) return 0;
  __sync_fetch_and_add(&leader->process_granted_ns, entity->granted_ns - entity->summed_granted_ns);
  __sync_fetch_and_add(&leader->process_throttled_ns,
                       entity->throttled_ns - entity->summed_throttled_ns);
  __sync_fetch_and_add(&leader->process_refused, entity->refused - entity->summed_refused);
  entity->summed_granted_ns = entity->granted_ns;
  entity->summed_throttled_ns = entity->throttled_ns;
  entity->summed_refused = entity->refused;
  schedhint_publish_process(&found, settings.reader_id, leader->process_granted_ns,
                            leader->process_throttled_ns, leader->process_refused);
  return 0;
}

#endif /* LOOK_BPF_H */
