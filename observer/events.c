// SPDX-License-Identifier: MIT OR BSD-2-Clause OR GPL-2.0
/* The events of a traced process, as JSON lines. */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "event.h"
#include "observer.h"
#include "record.h"

#define U64(v) ((unsigned long long)(v))

static const char* const names[] = {
    [EVENT_RUN] = "run",       [EVENT_WAIT] = "wait",     [EVENT_SLEEP] = "sleep",
    [EVENT_WAKE] = "wake",     [EVENT_CHANGE] = "change", [EVENT_END] = "end",
    [EVENT_SIGNAL] = "signal",
};

static int print_event(void* context, void* data, size_t size) {
  const struct event* event = data;

  (void)context;
  if (size < sizeof(*event) || event->what >= sizeof(names) / sizeof(names[0])) return 0;
  printf("{\"type\":\"event\",\"what\":\"%s\",\"ns\":\"%llu\",\"tid\":%u,\"cpu\":%u,\"comm\":",
         names[event->what], U64(event->ns), event->tid, event->cpu);
  print_string(event->comm, sizeof(event->comm));
  printf(",\"kind\":\"%s\",\"inGc\":%s", event->kind == OBSERVED_JS ? "js" : "helper",
         event->in_gc ? "true" : "false");
  if (event->kind == OBSERVED_JS) {
    printf(",\"gc\":%u,\"gcCount\":%u,\"gcSinceNs\":\"%llu\"", event->gc & SCHEDHINT_GC_PAUSED,
           event->gc_count, U64(event->gc_since_ns));
    printf(",\"hints\":{\"role\":%u,\"phase\":%u,\"urgency\":%u,\"batch\":%s,\"sliceUs\":%u",
           event->role, event->phase, event->urgency,
           event->hints & SCHEDHINT_BATCH ? "true" : "false", event->slice_us);
    printf(",\"deadlineNs\":\"%llu\",\"user\":\"%llu\"}", U64(event->deadline_ns),
           U64(event->user));
  }
  fputs("}\n", stdout);
  return 0;
}

struct events {
  struct ring_buffer* ring;
  int lost_fd;
};

struct events* events_open(const struct programs* programs) {
  struct events* events = calloc(1, sizeof(*events));

  if (events) {
    events->ring = ring_buffer__new(programs_map_fd(programs, "events"), print_event, NULL, NULL);
    events->lost_fd = programs_map_fd(programs, "lost_events");
    if (events->ring) return events;
  }
  complain("cannot open the ring buffer of events: %s", strerror(errno));
  free(events);
  return NULL;
}

bool events_print(struct events* events) {
  int result = ring_buffer__consume(events->ring);

  if (result < 0) {
    complain("cannot read events: %s", strerror(-result));
    return false;
  }
  if (!fflush(stdout) && !ferror(stdout)) return true;
  complain("cannot write events: %s", strerror(errno));
  return false;
}

__u64 events_lost(const struct events* events) {
  __u32 only = 0;
  __u64 count = 0;

  bpf_map_lookup_elem(events->lost_fd, &only, &count);
  return count;
}

void events_close(struct events* events) {
  if (!events) return;
  ring_buffer__free(events->ring);
  free(events);
}
