/* SPDX-License-Identifier: MIT OR BSD-2-Clause OR GPL-2.0 */
/* What the files of the observer's user-space half use of each other. */
#ifndef OBSERVER_H
#define OBSERVER_H

#include <linux/types.h>
#include <stdbool.h>
#include <sys/types.h>

#include "pin.h"

struct options {
  const char* pin;
  struct pin_access access;
  bool trust_pin;
  const char* object; /* observer.bpf.o */
  unsigned period_us; /* between two looks at a busy thread */
  unsigned threads;   /* records, and so threads, at most */
  int interval_ms;    /* between two snapshots; 0: only when asked */
  unsigned pid;       /* report this process only; 0: all */
  bool events;        /* of that process */
  bool silent;        /* no feedback */
  bool keep_pin;
};

/* Exit codes. */
enum failure {
  FAILED = 1,
  FAILED_USAGE = 2,
  FAILED_PERMISSION = 3, /* this needs root, or CAP_BPF and CAP_PERFMON */
  FAILED_KERNEL = 4,     /* the kernel cannot load or run the programs */
  FAILED_MAP = 5,        /* the pin, or where it should be */
};

__u64 monotonic_ns(void);

/* programs.c */
struct programs;
struct programs* programs_load(const struct options* options, int reuse_map_fd);
bool programs_attach(struct programs* programs, const struct options* options);
/* After this no program runs, nor will: the maps and the blocks stay as they are. */
void programs_detach(struct programs* programs);
void programs_free(struct programs* programs);
/* The errno with which loading or attaching them failed last. */
int programs_error(void);
int programs_map_fd(const struct programs* programs, const char* name);
/* Not 0: some threads are not observed, because the table is or was full. */
__u64 programs_refused(const struct programs* programs);

/* events.c: one JSON line on stdout for each event. */
struct events;
/* NULL: complained. */
struct events* events_open(const struct programs* programs);
/* What has come until now. False: stdout is gone. */
bool events_print(struct events* events);
/* Those that the loader was too slow for. */
__u64 events_lost(const struct events* events);
void events_close(struct events* events);

/* report.c: one JSON line on stdout, each. False: stdout is gone. */
bool report_ready(const struct pin* pin, const struct options* options);
/* Records of threads that have ended are printed once and removed. `now` ends what is still open.
 */
bool report_snapshot(const struct pin* pin, const struct options* options, int records_fd,
                     bool final, __u64 lost, __u64 now);
/* In quotes, with what JSON cannot have replaced. */
void print_string(const char* text, size_t size);

#endif /* OBSERVER_H */
