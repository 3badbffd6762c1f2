/* SPDX-License-Identifier: MIT OR BSD-2-Clause OR GPL-2.0 */
/* Events of a traced process, through a ring buffer to the loader. */
#ifndef EVENT_BPF_H
#define EVENT_BPF_H

#include "event.h"
#include "record.h"

struct {
  __uint(type, BPF_MAP_TYPE_RINGBUF);
  __uint(max_entries, 4096); /* the loader makes it larger */
} events SEC(".maps");

/* How many events found no room. */
struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(max_entries, 1);
  __type(key, __u32);
  __type(value, __u64);
} lost_events SEC(".maps");

/* What a thread said at one look, to be compared with the next. */
struct said {
  struct schedhint_group group;
  __u64 user;
  __u32 gc;
  __u32 gc_count;
  __u32 in_gc;
  __u32 phase;
};

static __always_inline void note(struct said* said, const struct observed* record) {
  said->group = record->group;
  said->user = record->user;
  said->gc = record->gc;
  said->gc_count = record->gc_count;
  said->in_gc = record->in_gc;
  said->phase = record->phase;
}

static __always_inline bool says_other(const struct said* before, const struct observed* record) {
  return (before->gc & ~SCHEDHINT_GC_CYCLE) != (record->gc & ~SCHEDHINT_GC_CYCLE) ||
         before->gc_count != record->gc_count || before->in_gc != record->in_gc ||
         before->phase != record->phase || before->group.urgency != record->group.urgency ||
         before->group.slice_us != record->group.slice_us ||
         before->group.deadline_ns != record->group.deadline_ns ||
         before->group.hints != record->group.hints || before->user != record->user;
}

static __always_inline void send_event(const struct observed* record, __u32 what, __u64 now) {
  struct event* event = bpf_ringbuf_reserve(&events, sizeof(*event), 0);
  __u32 only = 0;
  __u64* lost;

  if (!event) {
    lost = bpf_map_lookup_elem(&lost_events, &only);
    if (lost) __sync_fetch_and_add(lost, 1);
    return;
  }
  event->ns = now;
  event->gc_since_ns = record->gc_since_ns;
  event->deadline_ns = record->group.deadline_ns;
  event->user = record->user;
  event->what = what;
  event->tid = record->tid;
  event->cpu = bpf_get_smp_processor_id();
  event->kind = record->kind;
  event->in_gc = record->in_gc;
  event->gc = record->gc;
  event->gc_count = record->gc_count;
  event->urgency = record->group.urgency;
  event->hints = record->group.hints;
  event->slice_us = record->group.slice_us;
  event->role = record->role;
  event->phase = record->phase;
  __builtin_memcpy(event->comm, record->comm, sizeof(event->comm));
  /* The loader polls: to wake it for each event would cause more switches. */
  bpf_ringbuf_submit(event, BPF_RB_NO_WAKEUP);
}

#endif /* EVENT_BPF_H */
