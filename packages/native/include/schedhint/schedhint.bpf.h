/* SPDX-License-Identifier: MIT OR BSD-2-Clause OR GPL-2.0 */
/*
 * Reading schedhint's hints in a BPF program: a sched_ext scheduler, a tracing program, a profiler.
 *
 *   #include "vmlinux.h"
 *   #include <bpf/bpf_helpers.h>
 *   #include <schedhint/schedhint.bpf.h>
 *
 *   SCHEDHINT_MAP(schedhint);
 *
 *   struct schedhint_thread* t = schedhint_thread_of(&schedhint, p);
 *   if (t && schedhint_gc(t)) ...                    // p is inside a collection
 *   if (schedhint_process_in_gc(&schedhint, p)) ...  // p, or the process it helps, is
 *
 * The loader pins the map where clients look for it (SCHEDHINT_DEFAULT_PIN); the rest is theirs.
 * Needs Linux 6.13 and clang 16. A generated vmlinux.h has every type this file uses. Without one,
 * declare them before including it: the __u types, BPF_MAP_TYPE_TASK_STORAGE and BPF_F_NO_PREALLOC
 * (<linux/bpf.h> has those), bool, and struct task_struct with the one member group_leader, marked
 * preserve_access_index. observer/vmlinux.h is such a file, with a few members more.
 *
 * What the program gets is advice, in memory that its writer can change at any time, even between
 * two loads of the same field: copy a field once, bound what you do with it, and charge for it.
 * Never keep state in the map's value, which a client replaces whole, and never read back what you
 * published: your own maps are where the truth is.
 */
#ifndef SCHEDHINT_BPF_H
#define SCHEDHINT_BPF_H

#include "schedhint.h"

/* The fields that are only true together. Keep one of these per thread in a map of your own, zeroed
 * at first: a zero in a field is "no opinion". */
struct schedhint_group {
  __u64 deadline_ns;
  __u64 user;
  __u32 urgency;
  __u32 slice_us;
};

/* What a reader tells a thread about itself: copies of what it keeps in maps of its own. */
struct schedhint_feedback {
  __u64 seen_ns; /* bpf_ktime_get_ns() of this look */
  __u64 run_delay_ns;
  __u64 gc_run_delay_ns;
  __u64 on_cpu_ns;
  __u32 preempted;
  __u32 gc_preempted;
  __u32 flags; /* enum schedhint_reader_flag */
  __u32 reserved;
};

#if defined(__bpf__) /* a loader in C may include this file for the two structs above */

/*
 * The map. The kernel wants to know the size of what the __uptr members point to, but clang writes
 * only a forward declaration for a struct that is seen through a member; a variable of the pointer
 * type makes it write the whole. The two are never used and cost 16 bytes of .bss.
 */
#define SCHEDHINT_MAP(name)                                                   \
  static struct schedhint_thread* name##_thread_type __attribute__((used));   \
  static struct schedhint_process* name##_process_type __attribute__((used)); \
  struct {                                                                    \
    __uint(type, BPF_MAP_TYPE_TASK_STORAGE);                                  \
    __uint(map_flags, BPF_F_NO_PREALLOC);                                     \
    __type(key, int);                                                         \
    __type(value, struct schedhint_value);                                    \
  } name SEC(".maps")

/* One load or store of the field's own width, which clang neither repeats, splits nor caches. */
#define SCHEDHINT_READ(place) (*(const volatile __typeof__(place)*)&(place))
#define SCHEDHINT_WRITE(place, v) (*(volatile __typeof__(place)*)&(place) = (v))

/*
 * Loads before this stay before it, and so do stores. BPF had no fence and no load-acquire until
 * 6.15, but an atomic operation that returns its old value is a full barrier on every machine (on
 * arm64 the JIT makes it a ldaddal). It is done on the stack, not on the block: a read-modify-write
 * of shared memory would take the cache line from the thread that writes it. The first asm makes
 * the place look shared, or clang could compute the sum itself; the second makes the old value
 * used, or clang takes the form that returns none and orders nothing. x86 and s390 order loads with
 * loads and stores with stores by themselves: there clang alone has to be held back. Build with the
 * usual -D__TARGET_ARCH_...; without it you get the barrier, which is never wrong.
 */
static __always_inline void schedhint_fence(void) {
#if defined(__TARGET_ARCH_x86) || defined(__TARGET_ARCH_s390)
  asm volatile("" ::: "memory");
#else
  __u64 here = 0, old;

  asm volatile("" ::"r"(&here) : "memory");
  old = __sync_fetch_and_add(&here, 1);
  asm volatile("" ::"r"(old) : "memory");
#endif
}

/* The block of a JavaScript thread. NULL: this task has none, or has not filled it in yet. */
static __always_inline struct schedhint_thread* schedhint_thread_of(void* map,
                                                                    struct task_struct* task) {
  struct schedhint_value* value = bpf_task_storage_get(map, task, 0, 0);
  struct schedhint_thread* thread;

  if (!value) return 0;
  thread = value->thread;
  if (!thread || !SCHEDHINT_READ(thread->abi)) return 0;
  return thread;
}

/* The process block in this very task's element. */
static __always_inline struct schedhint_process* schedhint_own_process_of(
    void* map, struct task_struct* task) {
  struct schedhint_value* value = bpf_task_storage_get(map, task, 0, 0);
  struct schedhint_process* process;

  if (!value) return 0;
  process = value->process;
  if (!process || !SCHEDHINT_READ(process->abi)) return 0;
  return process;
}

/*
 * The block of the process that a task belongs to. V8's helper threads have no element of their
 * own, and nothing in them could bind one, so theirs is found through the leader, which is always
 * bound when any thread of the process is. In a sleepable program the verifier accepts a task's
 * leader only between bpf_rcu_read_lock() and bpf_rcu_read_unlock(); call this and
 * schedhint_process_in_gc() in there.
 */
static __always_inline struct schedhint_process* schedhint_process_of(void* map,
                                                                      struct task_struct* task) {
  struct schedhint_process* process = schedhint_own_process_of(map, task);
  struct task_struct* leader;

  if (process) return process;
  leader = task->group_leader;
  if (!leader) return 0;
  return schedhint_own_process_of(map, leader);
}

/* The pauses in progress, enum schedhint_gc. Read this first: gc_since_ns and gc_expect_ns, when
 * read afterwards, belong to the pause that it told of. */
static __always_inline __u32 schedhint_gc(struct schedhint_thread* thread) {
  __u32 gc = SCHEDHINT_READ(thread->gc);

  schedhint_fence();
  return gc;
}

/* Is this task itself inside a pause? */
static __always_inline bool schedhint_task_in_gc(void* map, struct task_struct* task) {
  struct schedhint_thread* thread = schedhint_thread_of(map, task);

  return thread && schedhint_gc(thread);
}

/*
 * Has this task no block of its own, and is a thread of its process inside a pause? Then it may be
 * one of V8's helper threads at work on that pause; it may be one of libuv's as well, see below.
 */
static __always_inline bool schedhint_helps_gc(void* map, struct task_struct* task) {
  struct schedhint_process* process;

  if (schedhint_thread_of(map, task)) return false;
  process = schedhint_process_of(map, task);
  return process && SCHEDHINT_READ(process->gc_threads) > 0;
}

/*
 * Is this task inside a pause, or any thread of its process? Helper threads do most of a
 * collection's work while the JavaScript thread waits for them, so a scheduler that favours only
 * the thread with the flag shortens little. libuv's pool threads are in the same process and get a
 * yes as well: nothing that the kernel knows tells them apart on every version of Node.
 */
static __always_inline bool schedhint_process_in_gc(void* map, struct task_struct* task) {
  struct schedhint_process* process;

  if (schedhint_task_in_gc(map, task)) return true;
  process = schedhint_process_of(map, task);
  return process && SCHEDHINT_READ(process->gc_threads) > 0;
}

/*
 * Refreshes `last` with the thread's group if it can be had whole: true. False: a write was under
 * way, and `last` keeps the values of the last good time. It does not try again, because a writer
 * that was descheduled halfway, the usual reason, will not go on before the scheduler has decided.
 */
static __always_inline bool schedhint_read_group(struct schedhint_thread* thread,
                                                 struct schedhint_group* last) {
  __u32 seq = SCHEDHINT_READ(thread->seq);
  __u64 deadline_ns, user;
  __u32 urgency, slice_us;

  if (seq & 1) return false;
  schedhint_fence(); /* no field is read before seq was */
  urgency = SCHEDHINT_READ(thread->urgency);
  slice_us = SCHEDHINT_READ(thread->slice_us);
  deadline_ns = SCHEDHINT_READ(thread->deadline_ns);
  user = SCHEDHINT_READ(thread->user);
  schedhint_fence(); /* and seq is read again only after all of them */
  if (SCHEDHINT_READ(thread->seq) != seq) return false;

  last->deadline_ns = deadline_ns;
  last->user = user;
  last->urgency = urgency;
  last->slice_us = slice_us;
  return true;
}

/*
 * Publishes the feedback. Call it from one place at a time for a thread: its switch-in and
 * switch-out, which the kernel orders. Every field is stored whole, and reader_abi last, so that a
 * client that finds it set finds the rest there too.
 */
static __always_inline void schedhint_publish(struct schedhint_thread* thread,
                                              const struct schedhint_feedback* feedback) {
  SCHEDHINT_WRITE(thread->reader_flags, feedback->flags);
  SCHEDHINT_WRITE(thread->run_delay_ns, feedback->run_delay_ns);
  SCHEDHINT_WRITE(thread->gc_run_delay_ns, feedback->gc_run_delay_ns);
  SCHEDHINT_WRITE(thread->on_cpu_ns, feedback->on_cpu_ns);
  SCHEDHINT_WRITE(thread->preempted, feedback->preempted);
  SCHEDHINT_WRITE(thread->gc_preempted, feedback->gc_preempted);
  SCHEDHINT_WRITE(thread->reader_seen_ns, feedback->seen_ns);
  schedhint_fence();
  SCHEDHINT_WRITE(thread->reader_abi, SCHEDHINT_ABI);
}

#endif /* __bpf__ */
#endif /* SCHEDHINT_BPF_H */
