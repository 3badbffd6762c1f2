// SPDX-License-Identifier: MIT OR BSD-2-Clause OR GPL-2.0
/*
 * What the observer prints: JSON lines. Numbers that may pass 2^53 (times, and what is the
 * application's own) are strings; what has been counted since the start is a number.
 */
#include <bpf/bpf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

#include "observer.h"
#include "record.h"

#define U64(v) ((unsigned long long)(v))

/* How many bytes of well-formed UTF-8 (RFC 3629) start here: 0 = none. */
static int utf8_length(const unsigned char* s, size_t left) {
  int length = s[0] < 0x80 ? 1 : s[0] < 0xc2 ? 0 : s[0] < 0xe0 ? 2 : s[0] < 0xf0 ? 3 : 4;

  if (s[0] > 0xf4 || (size_t)length > left) return 0;
  for (int i = 1; i < length; i++)
    if ((s[i] & 0xc0) != 0x80) return 0;
  if ((s[0] == 0xe0 && s[1] < 0xa0) || (s[0] == 0xed && s[1] > 0x9f) ||
      (s[0] == 0xf0 && s[1] < 0x90) || (s[0] == 0xf4 && s[1] > 0x8f))
    return 0;
  return length;
}

/* A thread may name itself anything, and a long name is cut in the middle of a character. */
void print_string(const char* text, size_t size) {
  const unsigned char* s = (const unsigned char*)text;
  size_t left = strnlen(text, size);

  putchar('"');
  while (left) {
    int length = utf8_length(s, left);

    if (length == 0 || *s < 0x20 || *s == 0x7f) {
      printf("\\u%04x", length ? *s : 0xfffd);
      length = 1;
    } else {
      if (*s == '"' || *s == '\\') putchar('\\');
      fwrite(s, 1, length, stdout);
    }
    s += length;
    left -= length;
  }
  putchar('"');
}

static bool end_line(void) {
  putchar('\n');
  if (!fflush(stdout) && !ferror(stdout)) return true;
  complain("cannot write the report: %s", strerror(errno));
  return false;
}

bool report_ready(const struct pin* pin, const struct options* options) {
  struct utsname kernel;

  uname(&kernel);
  printf("{\"type\":\"ready\",\"mapId\":%u,\"pin\":", pin->map_id);
  print_string(pin->path, strlen(pin->path));
  printf(",\"periodNs\":%u,\"kernel\":", options->period_us * 1000);
  print_string(kernel.release, sizeof(kernel.release));
  putchar('}');
  return end_line();
}

static void print_js(const struct observed* record, __u64 now) {
  __u64 off_cpu = record->gc_off_cpu_ns;

  /* A pause that it sleeps or waits in right now has lasted until now. */
  if (!record->exited && record->in_gc && record->state != OBSERVED_ON_CPU &&
      now > record->since_ns)
    off_cpu += now - record->since_ns;
  printf(",\"runtime\":%u,\"gc\":%u,\"gcKinds\":%u,\"gcCycle\":%s", record->runtime,
         record->gc & SCHEDHINT_GC_PAUSED, record->gc >> SCHEDHINT_GC_RUNTIME_SHIFT,
         record->gc & SCHEDHINT_GC_CYCLE ? "true" : "false");
  printf(",\"gcCount\":%u,\"gcNs\":%llu,\"gcSamples\":%llu,\"gcOffCpuNs\":%llu", record->gc_count,
         U64(record->gc_on_cpu_ns + off_cpu), U64(record->gc_samples), U64(off_cpu));
  printf(",\"gcExpectUs\":%u,\"flags\":%u,\"groups\":{\"good\":%llu,\"kept\":%llu}",
         record->gc_expect_us, record->flags, U64(record->groups_good), U64(record->groups_kept));
  printf(",\"hints\":{\"role\":%u,\"phase\":%u,\"urgency\":%u,\"batch\":%s,\"sliceUs\":%u",
         record->role, record->phase, record->group.urgency,
         record->group.hints & SCHEDHINT_BATCH ? "true" : "false", record->group.slice_us);
  printf(",\"deadlineNs\":\"%llu\",\"user\":\"%llu\"}", U64(record->group.deadline_ns),
         U64(record->user));
  printf(",\"feedback\":{\"runDelayNs\":%llu,\"gcRunDelayNs\":%llu,\"onCpuNs\":%llu",
         U64(record->run_delay_ns), U64(record->gc_run_delay_ns), U64(record->on_cpu_ns));
  printf(",\"preempted\":%u,\"gcPreempted\":%u}}", record->preempted, record->gc_preempted);
}

static void print_record(const struct observed* record, __u64 now) {
  bool js = record->kind == OBSERVED_JS;

  printf("{\"tid\":%u,\"tgid\":%u,\"comm\":", record->tid, record->tgid);
  print_string(record->comm, sizeof(record->comm));
  printf(",\"kind\":\"%s\",\"exited\":%s", js ? "js" : "helper", record->exited ? "true" : "false");
  if (js)
    print_js(record, now);
  else
    printf(",\"feedback\":{\"onCpuNs\":%llu},\"helperGcNs\":%llu}", U64(record->on_cpu_ns),
           U64(record->gc_on_cpu_ns));
}

bool report_snapshot(const struct pin* pin, const struct options* options, int records_fd,
                     bool final, __u64 lost, __u64 now) {
  __u64 id = 0, *ended = NULL;
  size_t ended_count = 0, ended_room = 0;
  struct observed record;
  bool first = true, more = !bpf_map_get_next_key(records_fd, NULL, &id);

  printf("{\"type\":\"snapshot\",\"final\":%s,\"ns\":\"%llu\",\"mapId\":%u,",
         final ? "true" : "false", U64(now), pin->map_id);
  if (options->events) printf("\"lostEvents\":%llu,", U64(lost));
  printf("\"threads\":[");
  for (; more; more = !bpf_map_get_next_key(records_fd, &id, &id)) {
    if (bpf_map_lookup_elem(records_fd, &id, &record) || !record.tid) continue;
    if (record.exited) {
      if (ended_count == ended_room) {
        size_t room = ended_room ? 2 * ended_room : 64;
        __u64* larger = realloc(ended, room * sizeof(*larger));

        if (!larger) continue; /* it is printed with the next line instead */
        ended = larger;
        ended_room = room;
      }
      ended[ended_count++] = id;
    }
    if (options->pid && record.tgid != options->pid) continue;
    if (!first) putchar(',');
    first = false;
    print_record(&record, now);
  }
  printf("]}");
  /* Only now: the walk would start again from the beginning if the key it stands on went away. */
  for (size_t i = 0; i < ended_count; i++) bpf_map_delete_elem(records_fd, &ended[i]);
  free(ended);
  return end_line();
}
