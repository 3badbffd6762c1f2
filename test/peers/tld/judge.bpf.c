// SPDX-License-Identifier: GPL-2.0
/*
 * Reads task local data as the kernel's own BPF half does, which it includes: see
 * kernel-headers.ts. The names of values are constants of such a program, so keys.h, which judge.ts
 * writes, lists all: KEY(number, "name", size).
 */
#include "vmlinux.h"
/* The kernel's types come first: everything below uses them. */
#include <bpf/bpf_helpers.h>

char LICENSE[] SEC("license") = "GPL";

#ifndef __uptr
#define __uptr __attribute__((btf_type_tag("uptr")))
#endif
#ifndef __PAGE_SIZE
#define __PAGE_SIZE 4096
#endif
#ifndef likely
#define likely(x) __builtin_expect(!!(x), 1)
#endif
#ifndef barrier_var
#define barrier_var(var) asm volatile("" : "+r"(var))
#endif

/* Older libbpf has no loop over numbers, and the kernel's file takes it for granted. */
#ifndef bpf_for
struct bpf_iter_num {
  __u64 opaque[1];
} __attribute__((aligned(8)));

extern int bpf_iter_num_new(struct bpf_iter_num* it, int start, int end) __ksym;
extern int* bpf_iter_num_next(struct bpf_iter_num* it) __ksym;
extern void bpf_iter_num_destroy(struct bpf_iter_num* it) __ksym;

#define bpf_for(i, start, end)                                                            \
  for (struct bpf_iter_num it __attribute__((cleanup(bpf_iter_num_destroy))),             \
       *once __attribute__((unused)) = (bpf_iter_num_new(&it, (start), (end)), (void*)0); \
       ({                                                                                 \
         int* next = bpf_iter_num_next(&it);                                              \
         if (next) (i) = *next;                                                           \
         next != 0;                                                                       \
       });)
#endif

#include TLD_HEADER

#define KEY(number, name, size) tld_key_t key_##number;
struct tld_keys {
#include "keys.h"
};
#undef KEY

#define MAX_BYTES 4096

struct question {
  __u32 tid;
  __u32 key;
  __u32 write;  /* the bytes, into the value */
  __s32 answer; /* 0, or FOUND_NOTHING, or -errno of tld_object_init() */
};

#define FOUND_NOTHING 1

struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(max_entries, 1);
  __type(key, __u32);
  __type(value, struct question);
} questions SEC(".maps");

struct bytes {
  char bytes[MAX_BYTES];
};

struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(max_entries, 1);
  __type(key, __u32);
  __type(value, struct bytes);
} values SEC(".maps");

/* What the thread itself has found when it left a CPU. */
struct seen {
  __u64 urgency;
  __u64 times;
};

struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(max_entries, 1);
  __type(key, __u32);
  __type(value, struct seen);
} at_switch SEC(".maps");

extern struct task_struct* bpf_task_from_pid(int pid) __ksym;
extern void bpf_task_release(struct task_struct* task) __ksym;

#define KEY(number, name, size)                                                              \
  static __attribute__((noinline)) int look_##number(struct tld_object* object, __u32 write, \
                                                     struct bytes* to) {                     \
    void* value;                                                                             \
                                                                                             \
    if (!object->key_map || !to) return FOUND_NOTHING;                                       \
    value = tld_get_data(object, key_##number, name, size);                                  \
    if (!value) return FOUND_NOTHING;                                                        \
    if (write)                                                                               \
      bpf_probe_read_kernel(value, size, to);                                                \
    else                                                                                     \
      bpf_probe_read_kernel(to, size, value);                                                \
    return 0;                                                                                \
  }
#include "keys.h"
#undef KEY

static int answer(struct task_struct* task, struct question* q, struct bytes* to) {
  struct tld_object object = {}; /* the verifier counts loops that never begin */
  int error = tld_object_init(task, &object);

  if (error) return error;
  switch (q->key) {
#define KEY(number, name, size) \
  case number:                  \
    return look_##number(&object, q->write, to);
#include "keys.h"
#undef KEY
  }
  return FOUND_NOTHING;
}

SEC("syscall")
int look(void* unused) {
  __u32 only = 0;
  struct question* q = bpf_map_lookup_elem(&questions, &only);
  struct bytes* to = bpf_map_lookup_elem(&values, &only);
  struct task_struct* task = q ? bpf_task_from_pid(q->tid) : 0;

  if (!task) return 1;
  if (to) q->answer = answer(task, q, to);
  bpf_task_release(task);
  return 0;
}

/* As a tracing program does, or a scheduler: in the thread itself. */
SEC("tp_btf/sched_switch")
int watch(void* unused) {
  struct task_struct* task = bpf_get_current_task_btf();
  __u32 only = 0;
  struct question* q = bpf_map_lookup_elem(&questions, &only);
  struct seen* seen = bpf_map_lookup_elem(&at_switch, &only);
  struct tld_object object = {}; /* the verifier counts loops that never begin */
  __u64* urgency;

  if (!q || !seen || !q->tid || (__u32)task->pid != q->tid) return 0;
  if (tld_object_init(task, &object)) return 0;
  urgency = tld_get_data(&object, KEY_URGENCY, "schedhint_urgency", sizeof(*urgency));
  if (!urgency) return 0;
  seen->urgency = *urgency;
  seen->times++;
  return 0;
}
