/* SPDX-License-Identifier: MIT OR BSD-2-Clause OR GPL-2.0 */
/* What happened to one thread of a traced process: from observer.bpf.c to events.c. */
#ifndef EVENT_H
#define EVENT_H

#include <schedhint/schedhint.bpf.h>

enum event_what {
  EVENT_RUN = 1,    /* got a CPU */
  EVENT_WAIT = 2,   /* preempted */
  EVENT_SLEEP = 3,  /* gave it up */
  EVENT_WAKE = 4,   /* ready to run again, or for the first time */
  EVENT_CHANGE = 5, /* on a CPU: a tick found other hints, or another collection */
  EVENT_END = 6,    /* the thread has ended, or another program has replaced it */
  EVENT_SIGNAL = 7, /* like EVENT_WAIT, but it was about to sleep and a signal kept it */
};

/* With what the kernel knew of the thread's hints then, whatever happened. */
struct event {
  __u64 ns;
  __u64 gc_since_ns; /* as the client wrote it */
  __u64 deadline_ns;
  __u64 user;
  __u32 what;
  __u32 tid;
  __u32 cpu; /* on which it happened; of EVENT_WAKE: the waker's */
  __u32 kind;
  __u32 in_gc; /* of a helper: its process */
  __u32 gc;    /* enum schedhint_gc */
  __u32 gc_count;
  __u32 urgency;
  __u32 hints;
  __u32 slice_us;
  __u16 role;
  __u16 phase;
  char comm[16];
};

#endif /* EVENT_H */
