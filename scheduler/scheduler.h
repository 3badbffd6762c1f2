/* SPDX-License-Identifier: MIT OR BSD-2-Clause OR GPL-2.0 */
/* What the files of the scheduler's user-space half use of each other. The parts that can be tested
 * without a kernel have a header each: topology.h, cpu_limits.h, stats_request.h, stats_server.h.
 */
#ifndef SCHEDULER_H
#define SCHEDULER_H

#include <linux/types.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/types.h>

#include "../observer/pin.h"
#include "settings.h"
#include "topology.h"

/* Exit codes. EX_TEMPFAIL of <sysexits.h> is what systemd's RestartForceExitStatus= can name. */
enum {
  EXIT_ASKED = 0,   /* SIGINT, SIGTERM */
  EXIT_REFUSED = 1, /* it could not start, or must not on this machine */
  EXIT_USAGE = 2,
  EXIT_ENDED = 75, /* the kernel ended the scheduler: it may be started again */
};

struct options {
  const char* pin;
  struct pin_access access; /* to the pin */
  bool trust_pin;
  bool keep_pin;
  const char* object; /* scx_schedhint.bpf.o */
  __u64 slice_ns;
  __u32 hints; /* enum hint */
  bool ignore_cpu_max;
  bool monitor; /* print the statistics of the one that runs */
  int stats_ms; /* between two reports; 0: no reports */
  bool json;
};

/* options.c. Ends the program if they cannot be understood, or ask for help. */
void read_options(struct options* options, int argc, char** argv);
extern const char* const hint_names[];

/* kernel.c: what this kernel has, by its BTF. */
/* Reads the BTF; false, with a message, if there is no BTF or no sched_ext. */
bool kernel_read(void);
bool kernel_has_operation(const char* member);
bool kernel_has_function(const char* name);
/* The value of an enumerator of sched_ext. 0 if the kernel does not have it, as scx's own loaders
 * do. False if the kernel's BTF has only its lower half. */
bool kernel_enumerator(const char* name, __u64* value);

/* programs.c: the BPF half. */
struct programs;
/* `map_fd`: of the map of hints to use again, or -1. `topology`: the last one that was known, or
 * zeros; it is read again. NULL, with a message, if it cannot be loaded. */
struct programs* programs_load(const struct options* options, struct topology* topology,
                               int map_fd);
/* From here on the scheduler has all CPUs, until it is detached or this process ends, however. */
bool programs_attach(struct programs* programs);
void programs_detach(struct programs* programs);
void programs_free(struct programs* programs);
int programs_map_fd(const struct programs* programs, const char* name);
const char* programs_ops_name(const struct programs* programs);
/* Members of sched_ext_ops that were left out, because this kernel lacks them. */
#define MAX_MISSING 16
struct missing {
  int count;
  const char* names[MAX_MISSING];
};
const struct missing* programs_missing(const struct programs* programs);
/* Has the scheduler ended, and why? */
bool programs_ended(const struct programs* programs, struct ending* ending);
/* Adds what it has counted to `sums`. */
void programs_count(const struct programs* programs, __u64 sums[STAT_COUNT]);

/* report.c: lines on stdout. A reader of stdout that does not read, or has gone, loses reports; it
 * does not stop the scheduler. */
struct report {
  bool json;
  __u64 last[STAT_COUNT]; /* what the last report for people was about */
  bool gone;              /* stdout has no reader any more */
};
void report_ready(struct report* report, const struct programs* programs, const struct pin* pin,
                  const struct topology* topology, const struct options* options);
/* `restarts`: negative if it is not known. */
void report_counts(struct report* report, const __u64 sums[STAT_COUNT], int restarts, bool final);
void report_restart(struct report* report, const struct topology* topology,
                    const struct ending* ending);
/* As scx's schedulers print it, on stderr; as JSON on stdout too. */
void report_ending(struct report* report, const struct ending* ending);

/* statistics.c: their names. */
struct statistic_name {
  const char* name;
  const char* explanation;
};
extern const struct statistic_name statistic_names[STAT_COUNT];

/* json.c */
/* Writes a JSON string with its quotes. Bytes that are no printable ASCII are replaced. */
void json_string(FILE* out, const char* text);

/* monitor.c. Returns the exit code. */
int monitor(const struct options* options, const char* socket_path);

#endif /* SCHEDULER_H */
