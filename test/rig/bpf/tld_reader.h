/* SPDX-License-Identifier: MIT OR BSD-2-Clause OR GPL-2.0 */
/*
 * The BPF side of the kernel's task local data, written from the protocol's description. Anyone who
 * includes it defines TLD_WITH_START for layout C, or not, and TLD_BYTE_COUNT for layout A; and
 * TLD_REMEMBERS to do as the kernel's BPF half does: look a name up once for each thread, and
 * remember where in the page the value was, the start included, for as long as the thread lives.
 */
#ifndef TLD_READER_H
#define TLD_READER_H

#include "vmlinux.h"
/* The kernel's types come first: everything below uses them. */
#include <bpf/bpf_helpers.h>

char LICENSE[] SEC("license") = "Dual BSD/GPL";

#ifndef __uptr
#define __uptr __attribute__((btf_type_tag("uptr")))
#endif

#define PAGE 4096
#ifndef NAME_LEN
#define NAME_LEN 62
#endif
#define MAX_KEYS (PAGE / (NAME_LEN + 2) - 1)

struct tld_key_entry {
  char name[NAME_LEN];
  __u16 size;
};

struct tld_meta_u {
#ifdef TLD_BYTE_COUNT
  __u8 count;
  __u8 pad;
#else
  __u16 count;
#endif
  __u16 data_bytes;
  struct tld_key_entry keys[MAX_KEYS];
};

struct tld_data_u {
  __u64 start;
  char data[PAGE - 8];
};

/* Without them clang describes the structs by their names only. */
static struct tld_meta_u* whole_meta __attribute__((used));
static struct tld_data_u* whole_data __attribute__((used));

struct tld_map_value {
  struct tld_data_u __uptr* data;
  struct tld_meta_u __uptr* meta;
#ifdef TLD_WITH_START
  __u16 start;
#endif
};

struct {
  __uint(type, BPF_MAP_TYPE_TASK_STORAGE);
  __uint(map_flags, BPF_F_NO_PREALLOC);
  __type(key, int);
  __type(value, struct tld_map_value);
} tld_data_map SEC(".maps");

/* What is asked: a thread, a name and its size, and a value to write; then the answers. */
struct question {
  __u32 tid;
  __u32 size;
  __u32 write;
  __s32 answer; /* index of the key, -1 no element, -2 no such key, -3 outside of the page */
  __u64 value;
  __u64 after; /* the value once it has been written */
  __u32 data_bytes;
  __u32 count;
  __u32 start;
  __u32 offset;
  char name[64];
  __u32 slot; /* where the place of this name is remembered */
  __u32 unused;
};

struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(max_entries, 1);
  __type(key, __u32);
  __type(value, struct question);
} questions SEC(".maps");

extern struct task_struct* bpf_task_from_pid(int pid) __ksym;
extern void bpf_task_release(struct task_struct* task) __ksym;

/* The offset of a key among a thread's values, its index in *index, or -2. */
static __always_inline int find(struct tld_meta_u* meta, struct question* q, int* index) {
  __u32 offset = 0;

  for (int i = 0; i < MAX_KEYS && i < meta->count; i++) {
    bool same = meta->keys[i].size == q->size;

    for (int j = 0; j < NAME_LEN; j++)
      if (meta->keys[i].name[j] != q->name[j]) {
        same = false;
        break;
      }
    if (same) {
      *index = i;
      return offset;
    }
    offset += (meta->keys[i].size + 7) / 8 * 8;
  }
  return -2;
}

#ifdef TLD_REMEMBERS
#define MAX_REMEMBERED 16

/* Places in the page; 0: not found yet. */
struct tld_places {
  __u16 at[MAX_REMEMBERED];
};

struct {
  __uint(type, BPF_MAP_TYPE_TASK_STORAGE);
  __uint(map_flags, BPF_F_NO_PREALLOC);
  __type(key, int);
  __type(value, struct tld_places);
} tld_place_map SEC(".maps");

static __always_inline __u16* remembered(struct task_struct* task, struct question* q) {
  struct tld_places* places =
      bpf_task_storage_get(&tld_place_map, task, 0, BPF_LOCAL_STORAGE_GET_F_CREATE);

  return places && q->slot < MAX_REMEMBERED ? &places->at[q->slot] : 0;
}
#endif

static __always_inline int answer(struct task_struct* task, struct question* q) {
  struct tld_map_value* element = bpf_task_storage_get(&tld_data_map, task, 0, 0);
  struct tld_data_u* data;
  struct tld_meta_u* meta;
  int index = -2, found;
  __u32 at;

  if (!element || !element->data || !element->meta) return -1;
  data = element->data;
  meta = element->meta;
  q->data_bytes = meta->data_bytes;
  q->count = meta->count;
#ifdef TLD_WITH_START
  q->start = element->start;
#else
  q->start = data->start;
#endif
#ifdef TLD_REMEMBERS
  __u16* place = remembered(task, q);

  if (!place) return -2;
  if (*place) {
    at = *place;
    q->offset = at - q->start;
    index = q->slot;
  } else {
#endif
    found = find(meta, q, &index);
    if (found < 0) return found;
    q->offset = found;
    at = q->start + found;
#ifdef TLD_REMEMBERS
    *place = at;
  }
#endif
  /* As the protocol's reader does: what ends where the page does is refused. */
  if (at >= PAGE - 8) return -3;
  if (q->size == 8) {
    __u64* value = (void*)data + at;

    q->value = *value;
    if (q->write) *value = q->after;
  } else {
    __u32* value = (void*)data + at;

    q->value = *value;
    if (q->write) *value = q->after;
  }
  return index;
}

SEC("syscall")
int look(void* ctx) {
  __u32 only = 0;
  struct question* q = bpf_map_lookup_elem(&questions, &only);
  struct task_struct* task = q ? bpf_task_from_pid(q->tid) : 0;

  if (!task) return 1;
  q->answer = answer(task, q);
  bpf_task_release(task);
  return 0;
}

/* The same at the thread's own system calls, as a tracing program or a scheduler would. */
struct seen {
  __u64 value;
  __u64 times; /* that it was not 0 */
  __u64 bits;  /* of all values */
};

struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(max_entries, 1);
  __type(key, __u32);
  __type(value, struct seen);
} at_switch SEC(".maps");

SEC("tp_btf/sched_switch")
int watch(void* ctx) {
  struct task_struct* task = bpf_get_current_task_btf();
  __u32 only = 0;
  struct question* asked = bpf_map_lookup_elem(&questions, &only);
  struct seen* seen = bpf_map_lookup_elem(&at_switch, &only);
  struct tld_map_value* element;
  __u32 at;

  if (!asked || !seen || !asked->tid || (__u32)task->pid != asked->tid) return 0;
  element = bpf_task_storage_get(&tld_data_map, task, 0, 0);
  if (!element || !element->data) return 0;
  at = asked->start + asked->offset;
  if (at >= PAGE - 8) return 0;
  seen->value = *(__u64*)((void*)element->data + at);
  if (seen->value) seen->times++;
  seen->bits |= seen->value;
  return 0;
}

#endif /* TLD_READER_H */
