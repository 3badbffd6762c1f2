/* SPDX-License-Identifier: MIT OR BSD-2-Clause OR GPL-2.0-only */
/* What the loader sets before the scheduler is loaded, and what the scheduler counts. */
#ifndef SETTINGS_H
#define SETTINGS_H

#define MAX_CPUS 1024
#define MAX_LLCS MAX_CPUS

/* Bits of settings.hints: each can be switched off alone. */
enum hint {
  HINT_GC = 1,       /* a thread inside a pause */
  HINT_HELPERS = 2,  /* the helper threads of its process */
  HINT_DEADLINE = 4, /* the nearer, the earlier */
  HINT_URGENCY = 8,  /* the more urgent, the earlier */
  HINT_SLICE = 16,   /* a turn that is shorter than the usual one */
  HINT_BATCH = 32,   /* batch work has an eighth of its weight */
  HINT_POOL = 64,    /* the runtime's pool threads inherit urgency and deadline */
};
#define HINTS_ALL 127
/* In the order of their bits. */
#define HINT_NAMES "gc", "helpers", "deadline", "urgency", "slice", "batch", "pool"

struct settings {
  __u64 slice_ns;
  __u64 tick_ns;      /* the kernel ends a turn at a tick: 1 s / CONFIG_HZ */
  __u32 hints;        /* enum hint */
  __u32 reader_id;    /* random, not 0 */
  __u32 reader_flags; /* the hints, as enum schedhint_reader_flag */
  __u32 reserved;
};

/* The CPUs that share a last-level cache. LLCs are numbered from 0. */
struct topology {
  __u32 cpus; /* possible ones; all numbers are below */
  __u32 llcs;
  __u16 llc_of[MAX_CPUS];
  __u16 llc_cpus[MAX_LLCS];  /* online CPUs of each when the scheduler was loaded, at least 1 */
  __u16 llc_first[MAX_LLCS]; /* where its CPUs begin in `members` */
  __u16 members[MAX_CPUS];   /* CPUs, ordered by LLC; those of an LLC that are online come first */
};

/* Why the kernel ended the scheduler. */
struct ending {
  __u32 kind; /* enum scx_exit_kind: 0 it runs, 64 the loader detached it. Written last */
  __u32 reserved;
  __s64 code; /* exit_code of struct scx_exit_info; SCX_ECODE_ACT_RESTART asks for a restart */
  char reason[128];
  char message[1024];
};

/* What is counted since the start, and its name in stats: X(name in C and JSON, explanation). */
#define STATISTICS(X)                                                                       \
  X(switches, "tasks put on a CPU")                                                         \
  X(idle, "tasks sent to an idle CPU immediately")                                          \
  X(queued, "tasks queued")                                                                 \
  X(slowQueued, "of which far behind: queued by the time when they are due")                \
  X(kept, "turns that went on because no task with an earlier key waited")                  \
  X(preempted, "turns ended for a task that woke up")                                       \
  X(otherLlc, "tasks taken from the queue of another LLC")                                  \
  X(pauseQueued, "tasks queued with credit for their pause")                                \
  X(helperQueued, "tasks queued with credit for helping in a pause")                        \
  X(urgencyQueued, "tasks queued with an urgency")                                          \
  X(deadlineQueued, "tasks queued with a deadline")                                         \
  X(batchQueued, "tasks queued as batch work")                                              \
  X(inherited, "looks at a pool thread that found an urgency or deadline to inherit")       \
  X(shortened, "turns shortened by a hint")                                                 \
  X(refused, "times that hints bought nothing because the cgroup owes too much")            \
  X(hintedNs, "CPU time in turns that hints brought")                                       \
  X(owedNs, "of which beyond the fair share while other tasks waited")                      \
  X(repaidNs, "of which repaid")                                                            \
  X(held, "tasks held because their cgroup had reached its cpu.max")                        \
  X(throttledNs, "time that they were held")                                                \
  X(heldTooLong, "tasks let run for a tick after 10 s of being held")                       \
  X(lostUpdates, "updates of a cgroup's numbers that were given up because other CPUs won") \
  X(groupsKept, "times that hints were being written, and the last ones were used")         \
  X(execs, "elements dropped because another program was started")                          \
  X(tasks, "tasks that there are: a gauge")                                                 \
  X(active, "of which runnable: a gauge")                                                   \
  X(cgroups, "cgroups with a slot: a gauge")                                                \
  X(limits, "of which with a cpu.max: a gauge")

enum statistic {
#define X(name, explanation) STAT_##name,
  STATISTICS(X)
#undef X
      STAT_COUNT
};

#endif /* SETTINGS_H */
