// SPDX-License-Identifier: MIT OR BSD-2-Clause OR GPL-2.0
/*
 * Asks the functions of schedhint.bpf.h about any thread, at any time: what they find of it, and
 * what a lookup takes. The time is the question's, so that a test need not wait.
 */
#include "vmlinux.h"
/* The kernel's types come first: everything below uses them. */
#include <bpf/bpf_helpers.h>
#include <schedhint/schedhint.bpf.h>

char LICENSE[] SEC("license") = "Dual BSD/GPL";

SCHEDHINT_MAP(schedhint);

#define ROUNDS 2000

struct question {
  __u64 later_ns; /* after now */
  __u32 tid;
  __u32 remember;  /* with what is known of the task; 2: forget it first */
  __u32 reader_id; /* publish, as this reader; 0: do not */
  __u32 unused;
};

struct answer {
  __u64 now;
  __u64 slack_ns;
  __u64 user;
  __u64 lookup_ns; /* of ROUNDS lookups */
  __u64 empty_ns;  /* of as many rounds without one */
  __u32 found;     /* bit 0 the thread's block, 1 the process's, 2 an element, 3 anything */
  __u32 gc;
  __u32 in_pause;
  __u32 helps;
  __u32 group;
  __u32 urgency;
  __u32 batch;
  __u32 slack;
  __u32 published;
  __u32 inherits;
};

struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(max_entries, 1);
  __type(key, __u32);
  __type(value, struct question);
} question SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(max_entries, 1);
  __type(key, __u32);
  __type(value, struct answer);
} answer SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(max_entries, 1);
  __type(key, __u32);
  __type(value, struct schedhint_known);
} known SEC(".maps");

extern struct task_struct* bpf_task_from_pid(int pid) __ksym;
extern void bpf_task_release(struct task_struct* task) __ksym;
extern void bpf_rcu_read_lock(void) __ksym;
extern void bpf_rcu_read_unlock(void) __ksym;

struct bpf_iter_num {
  __u64 opaque[1];
} __attribute__((aligned(8)));
extern int bpf_iter_num_new(struct bpf_iter_num* it, int start, int end) __ksym;
extern int* bpf_iter_num_next(struct bpf_iter_num* it) __ksym;
extern void bpf_iter_num_destroy(struct bpf_iter_num* it) __ksym;

SEC("syscall")
int ask(void* ctx) {
  __u32 only = 0;
  struct question* asked = bpf_map_lookup_elem(&question, &only);
  struct answer* told = bpf_map_lookup_elem(&answer, &only);
  struct schedhint_known* memory = bpf_map_lookup_elem(&known, &only);
  struct task_struct* task;
  struct schedhint_ctx hints = {};
  struct schedhint_feedback feedback = {};
  struct schedhint_group group = {};

  if (!asked || !told || !memory) return 1;
  task = bpf_task_from_pid(asked->tid);
  if (!task) return 1;
  __builtin_memset(told, 0, sizeof(*told));
  if (asked->remember == 2) __builtin_memset(memory, 0, sizeof(*memory));
  hints.now = bpf_ktime_get_ns() + asked->later_ns;
  hints.known = asked->remember ? memory : 0;
  told->now = hints.now;
  bpf_rcu_read_lock();
  told->found = schedhint_lookup(&schedhint, task, &hints) ? 8 : 0;
  if (hints.thread) told->found |= 1;
  if (hints.process) told->found |= 2;
  if (hints.own) told->found |= 4;
  told->gc = schedhint_gc(&hints);
  told->in_pause = schedhint_in_pause(&hints);
  told->helps = schedhint_helps_gc(&hints);
  told->inherits = schedhint_inherits(&hints);
  told->group = schedhint_read_group_and_user(&hints, &group, &told->user);
  told->urgency = schedhint_urgency(&group);
  told->batch = schedhint_is_batch(&group);
  told->slack = schedhint_slack(&group, hints.now, &told->slack_ns);
  if (asked->reader_id) {
    feedback.seen_ns = hints.now;
    feedback.run_delay_ns = asked->reader_id;
    feedback.reader_id = asked->reader_id;
    feedback.flags = SCHEDHINT_R_OBSERVES;
    told->published = schedhint_publish(&hints, &feedback);
  }
  bpf_rcu_read_unlock();
  bpf_task_release(task);
  return 0;
}

static __always_inline int time_rounds(bool look) {
  __u32 only = 0;
  struct question* asked = bpf_map_lookup_elem(&question, &only);
  struct answer* told = bpf_map_lookup_elem(&answer, &only);
  struct schedhint_known* memory = bpf_map_lookup_elem(&known, &only);
  struct schedhint_ctx hints = {};
  struct task_struct* task;
  struct bpf_iter_num rounds;
  __u64 start, found = 0;

  if (!asked || !told || !memory) return 1;
  task = bpf_task_from_pid(asked->tid);
  if (!task) return 1;
  hints.known = asked->remember ? memory : 0;
  bpf_rcu_read_lock();
  start = bpf_ktime_get_ns();
  bpf_iter_num_new(&rounds, 0, ROUNDS);
  while (bpf_iter_num_next(&rounds)) {
    hints.now = start;
    if (look && schedhint_lookup(&schedhint, task, &hints)) found++;
    asm volatile("" : "+r"(found));
  }
  bpf_iter_num_destroy(&rounds);
  if (look)
    told->lookup_ns = bpf_ktime_get_ns() - start;
  else
    told->empty_ns = bpf_ktime_get_ns() - start;
  told->user = found;
  bpf_rcu_read_unlock();
  bpf_task_release(task);
  return 0;
}

SEC("syscall")
int time_lookups(void* ctx) {
  return time_rounds(true);
}

SEC("syscall")
int time_nothing(void* ctx) {
  return time_rounds(false);
}

/* What a program has of the lookup alone, for its length. */
SEC("tp_btf/sched_wakeup_new")
int just_look(__u64* ctx) {
  struct schedhint_ctx hints = {.now = bpf_ktime_get_ns()};

  return schedhint_lookup(&schedhint, (struct task_struct*)ctx[0], &hints);
}

SEC("tp_btf/sched_wakeup_new")
int just_return(__u64* ctx) {
  struct schedhint_ctx hints = {.now = bpf_ktime_get_ns()};

  return hints.now != 0 && ((struct task_struct*)ctx[0])->pid;
}
