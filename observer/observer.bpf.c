// SPDX-License-Identifier: MIT OR BSD-2-Clause OR GPL-2.0
/*
 * The observer: a reader of schedhint's hints that schedules nothing, for any kernel from 6.13.
 *
 * It shows what a sched_ext scheduler would have to work with. At every context switch of a thread
 * with a block it looks at the hints and publishes the feedback: how long the thread waited for a
 * CPU, how often it was preempted, how much of that struck a collection. A clock tick per CPU
 * (100 us) looks in between, because a busy thread that has a CPU alone never switches.
 *
 * Time in a collection is the kernel's own estimate, from the gc word as it was found, and never
 * from times that the client wrote. Off the CPU the thread cannot change its gc word, so that part
 * is exact. On the CPU a tick that finds it set stands for one period: the clock knows nothing of
 * the thread, so this is right on average however collections and switches fall. (Sharing out the
 * time between events by what both found is not: Node often sleeps right after a collection, and
 * then the same side is cut short each time. Tried; it lost a quarter.) Ticks get lost, though,
 * when the host takes the CPU away, or perf throttles; the clock keeps to its grid, so the next one
 * counts for those that were due since the thread's last tick, or since it got the CPU.
 *
 * Threads without an element in a process that has a process block are kept too: V8's helper
 * threads do most of a collection's work. So are libuv's; nothing in the kernel distinguishes them.
 *
 * All events of one thread are ordered by the kernel: its switches by the runqueue's lock, and so
 * are its wakeups; a tick interrupts only the thread itself, and no switch, which has interrupts
 * off. So a record has one writer at a time, and so has the reader's half of a block.
 */
#include "vmlinux.h"
/* The kernel's types come first: everything below uses them. */
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>
#include <schedhint/schedhint.bpf.h>

#include "event.bpf.h"
#include "record.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

SCHEDHINT_MAP(schedhint);

/*
 * A thread's record outlives the thread until it has been reported, so it is in a hash. Its key is
 * a number in the task's storage, and not the tid: the next task with the
 * same tid, and the program that follows an execve, must not inherit what was counted before.
 */
struct {
  __uint(type, BPF_MAP_TYPE_TASK_STORAGE);
  __uint(map_flags, BPF_F_NO_PREALLOC);
  __type(key, int);
  __type(value, __u64);
} record_ids SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_HASH);
  __uint(max_entries, 16384);
  __type(key, __u64);
  __type(value, struct observed);
} records SEC(".maps");

/* How often a thread found `records` full: the loader warns of it. */
struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(max_entries, 1);
  __type(key, __u32);
  __type(value, __u64);
} refused SEC(".maps");

static __u64 last_id;

/* A separate section, so that the loader can set it without a skeleton. */
const volatile struct settings settings SEC(".rodata.settings") = {.period_ns = 100000};

static struct observed blank; /* too large for the stack of a program that calls others */

static __always_inline __u64 elapsed(__u64 from, __u64 to) {
  return to > from ? to - from : 0; /* the CPUs' clocks may differ by a few nanoseconds */
}

static __always_inline struct observed* find_record(struct task_struct* task) {
  __u64* id = bpf_task_storage_get(&record_ids, task, 0, 0);
  struct observed* record;

  if (!id) return 0;
  record = bpf_map_lookup_elem(&records, id);
  return record && !record->exited ? record : 0;
}

static __always_inline void read_name(struct observed* record, struct task_struct* task) {
  bpf_probe_read_kernel_str(record->comm, sizeof(record->comm), task->comm);
}

/* Starts a record for a task that has a block, or whose process has one. */
static __always_inline struct observed* start_record(struct task_struct* task, __u64 now) {
  struct schedhint_ctx found = {.now = now};
  struct observed* record;
  __u64 *id, *count;
  __u32 only = 0;

  /* An exiting task may have had its record closed, and reported, already. */
  if (task->flags & PF_EXITING) return 0;
  if (!schedhint_lookup(&schedhint, task, &found)) return 0;

  id = bpf_task_storage_get(&record_ids, task, 0, BPF_LOCAL_STORAGE_GET_F_CREATE);
  if (!id || *id) return 0; /* no memory at this moment: the next event tries again */
  *id = __sync_fetch_and_add(&last_id, 1) + 1;
  if (bpf_map_update_elem(&records, id, &blank, BPF_NOEXIST)) {
    count = bpf_map_lookup_elem(&refused, &only);
    if (count) __sync_fetch_and_add(count, 1);
    *id = 0; /* there may be room when its next event comes */
    return 0;
  }
  record = bpf_map_lookup_elem(&records, id);
  if (!record) return 0;
  record->kind = OBSERVED_HELPER;
  record->state = OBSERVED_ON_CPU;
  record->since_ns = now;
  record->switched_in_ns = now;
  read_name(record, task);
  record->tgid = task->tgid;
  record->tid = task->pid;
  return record;
}

/*
 * Reads what the thread says, and returns whether it (of a helper: its process) is in a pause. What
 * it has found goes to `found`, for publishing.
 */
static __always_inline bool look(struct observed* record, struct task_struct* task, __u64 now,
                                 struct schedhint_ctx* found) {
  struct schedhint_thread* thread;

  found->now = now;
  found->known = &record->known;
  record->known.skip_until_ns = 0; /* hints that come soon count immediately */
  schedhint_lookup(&schedhint, task, found);
  thread = found->thread;
  if (thread) {
    record->kind = OBSERVED_JS;
    record->gc = schedhint_gc(found);
    record->gc_count = SCHEDHINT_READ(thread->gc_count);
    record->gc_expect_us = SCHEDHINT_READ(thread->gc_expect_us);
    record->gc_since_ns = SCHEDHINT_READ(thread->gc_since_ns);
    record->runtime = SCHEDHINT_READ(thread->runtime);
    record->role = SCHEDHINT_READ(thread->role);
    record->phase = SCHEDHINT_READ(thread->phase);
    record->flags = SCHEDHINT_READ(thread->flags);
    if (schedhint_read_group_and_user(found, &record->group, &record->user))
      record->groups_good++;
    else
      record->groups_kept++;
    return schedhint_in_pause(found);
  }
  if (record->kind == OBSERVED_JS) { /* it has detached */
    record->gc = 0;
    return false;
  }
  return schedhint_helps_gc(found);
}

/* Counts the time on the CPU since the last event. */
static __always_inline void count_on_cpu(struct observed* record, __u64 now) {
  /* Off the CPU, as far as anyone saw: its switch-in was missed while programs came and went. */
  if (record->state == OBSERVED_ON_CPU) record->on_cpu_ns += elapsed(record->since_ns, now);
  record->state = OBSERVED_ON_CPU;
  record->since_ns = now;
}

/* Ticks that this one stands for: itself, and the lost ones since the last or since switch-in. */
static __always_inline __u64 count_ticks(struct observed* record, __u64 now) {
  __u64 ticks;

  if (record->ticked_ns)
    ticks = (elapsed(record->ticked_ns, now) + settings.period_ns / 2) / settings.period_ns;
  else
    ticks = elapsed(record->switched_in_ns, now) / settings.period_ns + 1;
  record->ticked_ns = now;
  return ticks ?: 1; /* a tick that was late may be followed immediately by the next */
}

static __always_inline void publish(struct observed* record, struct schedhint_ctx* found,
                                    __u64 now) {
  struct schedhint_feedback feedback = {
      .seen_ns = now,
      .run_delay_ns = record->run_delay_ns,
      .gc_run_delay_ns = record->gc_run_delay_ns,
      .on_cpu_ns = record->on_cpu_ns,
      .preempted = record->preempted,
      .gc_preempted = record->gc_preempted,
      .flags = SCHEDHINT_R_OBSERVES,
      .reader_id = settings.reader_id,
  };

  if (!settings.silent) schedhint_publish(found, &feedback);
}

static __always_inline void trace(const struct observed* record, __u32 what, __u64 now) {
  if (settings.traced && record->tgid == settings.traced) send_event(record, what, now);
}

static __always_inline void switch_out(struct task_struct* task, bool preempt,
                                       unsigned int prev_state, __u64 now) {
  struct observed* record = find_record(task) ?: start_record(task, now);
  struct schedhint_ctx found;

  if (!record) return;
  read_name(record, task);
  record->in_gc = look(record, task, now, &found);
  count_on_cpu(record, now);
  /* As the kernel counts nonvoluntary_ctxt_switches, so sched_yield() is among them. */
  if (preempt || prev_state == TASK_RUNNING) {
    record->preempted++;
    if (record->in_gc) record->gc_preempted++;
  }
  /* A signal can keep a task runnable that was about to sleep: before 6.14 only __state shows it.
   */
  if (preempt || prev_state == TASK_RUNNING || task->__state == TASK_RUNNING) {
    record->runnable_ns = now;
    record->state = OBSERVED_RUNNABLE;
    trace(record, preempt || prev_state == TASK_RUNNING ? EVENT_WAIT : EVENT_SIGNAL, now);
  } else {
    record->state = OBSERVED_BLOCKED;
    trace(record, EVENT_SLEEP, now);
  }
  publish(record, &found, now);
}

static __always_inline void switch_in(struct task_struct* task, __u64 now) {
  struct observed* record = find_record(task);
  struct schedhint_ctx found;
  __u64 delay;

  if (!record) {
    record = start_record(task, now);
    if (!record) return;
  } else if (record->state != OBSERVED_ON_CPU) {
    if (record->state == OBSERVED_RUNNABLE) {
      delay = elapsed(record->runnable_ns, now);
      record->run_delay_ns += delay;
      if (record->in_gc) record->gc_run_delay_ns += delay;
    }
    /* A helper's process may start and end pauses while the helper sleeps; that is not its time. */
    if (record->in_gc && record->kind == OBSERVED_JS)
      record->gc_off_cpu_ns += elapsed(record->since_ns, now);
  }
  record->state = OBSERVED_ON_CPU;
  record->since_ns = now;
  record->switched_in_ns = now;
  record->ticked_ns = 0;
  record->in_gc = look(record, task, now, &found);
  trace(record, EVENT_RUN, now);
  publish(record, &found, now);
}

SEC("tp_btf/sched_switch")
int BPF_PROG(observe_switch, bool preempt, struct task_struct* prev, struct task_struct* next,
             unsigned int prev_state) {
  __u64 now = bpf_ktime_get_ns();

  if (prev->pid) switch_out(prev, preempt, prev_state, now);
  if (next->pid) switch_in(next, now);
  return 0;
}

/* A task may be woken before it has left its CPU, or twice: only one that sleeps starts to wait. */
static __always_inline int wake(struct task_struct* task) {
  struct observed* record = find_record(task);

  if (record && record->state == OBSERVED_BLOCKED) {
    record->runnable_ns = bpf_ktime_get_ns();
    record->state = OBSERVED_RUNNABLE;
    trace(record, EVENT_WAKE, record->runnable_ns);
  }
  return 0;
}

SEC("tp_btf/sched_wakeup")
int BPF_PROG(observe_wakeup, struct task_struct* task) {
  return wake(task);
}

/* A new thread has no block yet. If it is a helper, its record starts here, with its first wait. */
SEC("tp_btf/sched_wakeup_new")
int BPF_PROG(observe_wakeup_new, struct task_struct* task) {
  __u64 now = bpf_ktime_get_ns();
  struct observed* record = start_record(task, now);

  if (record) {
    record->runnable_ns = now;
    record->state = OBSERVED_RUNNABLE;
    trace(record, EVENT_WAKE, now);
  }
  return 0;
}

/* Once per period on every CPU that is not idle. */
SEC("perf_event")
int observe_tick(void* ctx) {
  struct task_struct* task = bpf_get_current_task_btf();
  __u64 now = bpf_ktime_get_ns();
  struct schedhint_ctx found;
  struct observed* record;
  struct said before;
  __u64 ticks;

  if (!task->pid) return 0;
  record = find_record(task) ?: start_record(task, now);
  if (!record) return 0;
  read_name(record, task);
  note(&before, record);
  record->in_gc = look(record, task, now, &found);
  if (says_other(&before, record)) trace(record, EVENT_CHANGE, now);
  count_on_cpu(record, now);
  ticks = count_ticks(record, now);
  if (record->in_gc) {
    record->gc_samples++;
    record->gc_on_cpu_ns += ticks * settings.period_ns;
  }
  publish(record, &found, now);
  return 0;
}

/* The last that is published: the client takes the block back soon after. */
static __always_inline void end_record(struct task_struct* task) {
  struct observed* record = find_record(task);
  __u64 now = bpf_ktime_get_ns();
  struct schedhint_ctx found;

  if (!record) return;
  record->in_gc = look(record, task, now, &found);
  count_on_cpu(record, now);
  trace(record, EVENT_END, now);
  publish(record, &found, now);
  record->exited = 1;
}

/* After execve the old program's page would stay bound, and its last hints would stand for whatever
 * runs now: the element goes, and the new program's record starts from nothing. */
SEC("tp_btf/sched_process_exec")
int BPF_PROG(observe_exec, struct task_struct* task) {
  end_record(task);
  bpf_task_storage_delete(&schedhint, task);
  bpf_task_storage_delete(&record_ids, task);
  return 0;
}

SEC("tp_btf/sched_process_exit")
int BPF_PROG(observe_exit, struct task_struct* task) {
  end_record(task);
  return 0;
}
