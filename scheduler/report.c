// SPDX-License-Identifier: MIT OR BSD-2-Clause OR GPL-2.0
/* What the scheduler prints: for people what happened since the last time, as JSON the sums. */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "scheduler.h"
#include "version.h"

#define U64(v) ((unsigned long long)(v))

/* A report is made in memory first, and written if that needs no waiting. */
struct text {
  FILE* out;
  char* bytes;
  size_t length;
};

static bool begin(struct text* text) {
  *text = (struct text){0};
  text->out = open_memstream(&text->bytes, &text->length);
  return text->out;
}

/* A pipe that can be written to takes PIPE_BUF bytes without waiting; a report is shorter. */
static bool is_writable(void) {
  struct pollfd out = {.fd = STDOUT_FILENO, .events = POLLOUT};

  return poll(&out, 1, 0) > 0;
}

/* True if it was written. */
static bool end(struct report* report, struct text* text) {
  size_t written = 0;
  ssize_t length;

  fclose(text->out);
  while (!report->gone && written < text->length && is_writable()) {
    length = write(STDOUT_FILENO, text->bytes + written, text->length - written);
    if (length < 0 && errno != EINTR) {
      complain("no more reports: cannot write to stdout: %s", strerror(errno));
      report->gone = true;
    }
    if (length > 0) written += length;
  }
  free(text->bytes);
  return written > 0;
}

static void write_hints(FILE* out, __u32 hints) {
  fputs("\"hints\":[", out);
  for (int i = 0, first = 1; hint_names[i]; i++) {
    if (!(hints & (1U << i))) continue;
    fprintf(out, "%s\"%s\"", first ? "" : ",", hint_names[i]);
    first = 0;
  }
  fputs("],\"missing\":[", out);
}

static void write_ready_json(FILE* out, const struct programs* programs, const struct pin* pin,
                             const struct topology* topology, const struct options* options) {
  const struct missing* missing = programs_missing(programs);
  struct utsname kernel;

  uname(&kernel);
  fprintf(out, "{\"type\":\"ready\",\"version\":\"%s\",\"ops\":", VERSION);
  json_string(out, programs_ops_name(programs));
  fprintf(out, ",\"mapId\":%u,\"kernel\":", pin->map_id);
  json_string(out, kernel.release);
  fprintf(out, ",\"cpus\":%u,\"llcs\":%u,", topology->cpus, topology->llcs);
  write_hints(out, options->hints);
  for (int i = 0; i < missing->count; i++)
    fprintf(out, "%s\"%s\"", i ? "," : "", missing->names[i]);
  fputs("]}\n", out);
}

static void write_ready_text(FILE* out, const struct programs* programs, const struct pin* pin,
                             const struct topology* topology) {
  const struct missing* missing = programs_missing(programs);
  struct utsname kernel;

  uname(&kernel);
  fprintf(out, "%s schedules on Linux %s (CPUs: %u, last-level caches: %u), hints in %s\n",
          programs_ops_name(programs), kernel.release, topology->cpus, topology->llcs, pin->path);
  for (int i = 0; i < missing->count; i++)
    fprintf(out, "without %s, which this kernel does not have\n", missing->names[i]);
}

void report_ready(struct report* report, const struct programs* programs, const struct pin* pin,
                  const struct topology* topology, const struct options* options) {
  struct text text;

  if (!begin(&text)) return;
  if (report->json)
    write_ready_json(text.out, programs, pin, topology, options);
  else
    write_ready_text(text.out, programs, pin, topology);
  end(report, &text);
}

static void write_counts_json(FILE* out, const __u64 sums[STAT_COUNT], int restarts, bool final) {
  fprintf(out, "{\"type\":\"statistics\",\"final\":%s", final ? "true" : "false");
  if (restarts >= 0) fprintf(out, ",\"restarts\":%d", restarts);
  for (int i = 0; i < STAT_COUNT; i++)
    fprintf(out, ",\"%s\":%llu", statistic_names[i].name, U64(sums[i]));
  fputs("}\n", out);
}

/* What did not happen has no line. A sum that is smaller than the last time began again at 0. */
static void write_counts_text(FILE* out, const __u64 sums[STAT_COUNT],
                              const __u64 last[STAT_COUNT]) {
  fputc('\n', out);
  for (int i = 0; i < STAT_COUNT; i++) {
    __u64 since = sums[i] >= last[i] ? sums[i] - last[i] : sums[i];

    if (since)
      fprintf(out, "%12llu  %-14s  %s\n", U64(since), statistic_names[i].name,
              statistic_names[i].explanation);
  }
}

void report_counts(struct report* report, const __u64 sums[STAT_COUNT], int restarts, bool final) {
  struct text text;

  if (!begin(&text)) return;
  if (report->json)
    write_counts_json(text.out, sums, restarts, final);
  else
    write_counts_text(text.out, sums, report->last);
  if (end(report, &text)) memcpy(report->last, sums, sizeof(report->last));
}

static void write_reason(FILE* out, const struct ending* ending) {
  fprintf(out, "\"kind\":%u,\"code\":\"%llx\",\"reason\":", ending->kind, U64(ending->code));
  json_string(out, ending->reason);
  fputs(",\"message\":", out);
  json_string(out, ending->message);
}

void report_restart(struct report* report, const struct topology* topology,
                    const struct ending* ending) {
  struct text text;

  if (!begin(&text)) return;
  if (report->json) {
    fprintf(text.out, "{\"type\":\"restarted\",\"cpus\":%u,\"llcs\":%u,", topology->cpus,
            topology->llcs);
    write_reason(text.out, ending);
    fputs("}\n", text.out);
  } else {
    fprintf(text.out, "started again: %s\n", ending->message);
  }
  end(report, &text);
}

void report_ending(struct report* report, const struct ending* ending) {
  struct text text;

  fprintf(stderr, "EXIT: %s%s%s%s\n", ending->reason, ending->message[0] ? " (" : "",
          ending->message, ending->message[0] ? ")" : "");
  if (!report->json || !begin(&text)) return;
  fputs("{\"type\":\"ended\",", text.out);
  write_reason(text.out, ending);
  fputs("}\n", text.out);
  end(report, &text);
}
