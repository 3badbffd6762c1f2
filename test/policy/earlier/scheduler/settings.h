/* SPDX-License-Identifier: MIT OR BSD-2-Clause OR GPL-2.0 */
/* What the loader sets before the scheduler is loaded, and what the scheduler counts. */
#ifndef SETTINGS_H
#define SETTINGS_H

/* Bits of settings.hints: each can be measured alone. */
enum hint {
  HINT_GC = 1,       /* a thread inside a pause keeps its CPU and goes ahead */
  HINT_HELPERS = 2,  /* so do the helper threads of its process */
  HINT_DEADLINE = 4, /* the sooner, the earlier within a class */
  HINT_URGENCY = 8,  /* the more urgent, the earlier within a class */
  HINT_SLICE = 16,   /* slice_us is honoured, within bounds */
  HINT_BATCH = 32,   /* batch work yields to all */
  HINT_POOL = 64,    /* the runtime's pool threads inherit urgency and deadline */
};
#define HINTS_ALL 127

struct settings {
  __u64 slice_ns;
  __u64 min_slice_ns;
  __u64 process_loan_ns; /* capacity: what a process may owe */
  __u64 cgroup_loan_ns;  /* all processes of a cgroup */
  __u64 system_loan_ns;  /* all together */
  __u32 hints;           /* enum hint */
  __u32 cpus;
  __u32 tld; /* hints may also be task local data */
  __u32 reader_id;
};

/* Why the kernel ended the scheduler. */
struct ending {
  __u32 kind; /* enum scx_exit_kind: 0 it runs, 64 the loader detached it */
  char reason[64];
  char message[128];
};
#define ENDING_DETACHED 64

/* What is counted, and how it is called in the JSON: X(name in C and JSON, explanation). */
#define STATISTICS(X)                                                              \
  X(switches, "tasks put on a CPU")                                                \
  X(idle, "sent to an idle CPU immediately")                                       \
  X(queued, "queued by their virtual time")                                        \
  X(gcExtended, "slices extended for a thread inside a pause")                     \
  X(gcAhead, "queued ahead: a thread inside a pause")                              \
  X(helperExtended, "slices extended for a helper of a pause")                     \
  X(helperAhead, "queued ahead: a helper of a pause")                              \
  X(promoted, "moved ahead when found queued already")                             \
  X(demoted, "moved back, the pause being over")                                   \
  X(kicked, "CPUs taken from a task that was less in a hurry")                     \
  X(refusedProcess, "not put ahead: the process owes too much")                    \
  X(refusedCgroup, "not put ahead: its cgroup owes too much")                      \
  X(refusedSystem, "not put ahead: all together owe too much")                     \
  X(lentNs, "CPU time ahead of the fair share, lent")                              \
  X(repaidNs, "of which repaid while running")                                     \
  X(repaidIdleNs, "of which repaid by a fair share that was not used")             \
  X(orphanedNs, "of which left to the cgroup by a process that ended")             \
  X(deadline, "queued with a deadline")                                            \
  X(urgency, "queued with an urgency")                                             \
  X(inherited, "queued with an urgency or a deadline that was inherited")          \
  X(slice, "slices of the length that was wished for")                             \
  X(batchQueued, "queued behind all others")                                       \
  X(batchRescued, "batch tasks that had waited too long")                          \
  X(groupsKept, "times that a group was being written, and the last one was used") \
  X(tld, "looks at a task whose hints are task local data")                        \
  X(execs, "elements dropped because another program was started")

enum statistic {
#define X(name, explanation) STAT_##name,
  STATISTICS(X)
#undef X
      STAT_COUNT
};

#define MAX_CPUS 512

struct topology {
  __u32 cpus;
};

#endif /* SETTINGS_H */
