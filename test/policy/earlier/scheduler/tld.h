/* SPDX-License-Identifier: MIT OR BSD-2-Clause OR GPL-2.0 */
/*
 * Hints as task local data: the kernel's protocol of named values for each thread, in the layout of
 * a 24-byte value (docs/channels.md, C). Names and values are both in memory of the process: it
 * adds names and never takes one away, so each is compared once, and its place remembered.
 */
#ifndef TLD_H
#define TLD_H

#include "task.h"

#define TLD_PAGE 4096
#define TLD_NAME_BYTES 62
#define TLD_MAX_KEYS 63

/* A name and the size of its values: 64 bytes, compared in words. */
union tld_key {
  struct {
    char name[TLD_NAME_BYTES];
    __u16 size;
  };
  __u32 words[16];
};

struct tld_metadata {
  __u16 count;
  __u16 data_bytes;
  union tld_key keys[TLD_MAX_KEYS];
};

struct tld_data {
  __u8 bytes[TLD_PAGE];
};

/* clang describes a struct that is only pointed at by its name: see SCHEDHINT_MAP(). */
static struct tld_metadata* tld_metadata_type __attribute__((used));
static struct tld_data* tld_data_type __attribute__((used));

struct tld_value {
  struct tld_data __uptr* data;
  struct tld_metadata __uptr* metadata;
  __u16 start; /* of the thread's values in their page */
};

struct {
  __uint(type, BPF_MAP_TYPE_TASK_STORAGE);
  __uint(map_flags, BPF_F_NO_PREALLOC);
  __type(key, int);
  __type(value, struct tld_value);
} tld_data_map SEC(".maps");

static const union tld_key tld_wanted[TLD_HINTS] = {
    [TLD_URGENCY] = {{"schedhint_urgency", sizeof(__u64)}},
    [TLD_BATCH] = {{"schedhint_batch", sizeof(__u64)}},
    [TLD_SLICE_US] = {{"schedhint_slice_us", sizeof(__u64)}},
    [TLD_DEADLINE_NS] = {{"schedhint_deadline_ns", sizeof(__u64)}},
    [TLD_GC] = {{"schedhint_gc", sizeof(__u64)}},
};

static __always_inline bool tld_is(const union tld_key* key, const union tld_key* wanted) {
  for (int i = 0; i < 16; i++)
    if (SCHEDHINT_READ(key->words[i]) != wanted->words[i]) return false;
  return true;
}

/* Looks at the names that have come since the last time. */
static __always_inline void tld_find(struct tld_metadata* metadata, struct tld_places* places) {
  __u32 count = SCHEDHINT_READ(metadata->count);
  struct bpf_iter_num keys;
  int* next;

  if (count == places->looked) return;
  if (count < places->looked) /* the names of somebody else: another library */
    __builtin_memset(places, 0, sizeof(*places));
  schedhint_fence(); /* a name is there before it is counted */
  bpf_iter_num_new(&keys, places->looked, TLD_MAX_KEYS);
  while ((next = bpf_iter_num_next(&keys))) {
    __u32 i = *next;

    if (i >= count || i >= TLD_MAX_KEYS) break;
    for (int hint = 0; hint < TLD_HINTS; hint++)
      if (tld_is(&metadata->keys[i], &tld_wanted[hint])) places->at[hint] = places->end + 1;
    places->end += (SCHEDHINT_READ(metadata->keys[i].size) + 7) / 8 * 8;
    places->looked = i + 1;
  }
  bpf_iter_num_destroy(&keys);
}

static __always_inline __u64 tld_read(struct tld_data* data, __u32 start, __u32 place) {
  __u32 at = start + place - 1;

  /* What ends where the page does is refused, as the protocol has it. */
  if (!place || at >= TLD_PAGE - sizeof(__u64)) return 0;
  return *(volatile __u64*)&data->bytes[at];
}

/* The hints of a thread that has some, and whether it is inside a pause. */
static __noinline bool tld_hints(struct task_struct* p, struct tld_places* places,
                                 struct schedhint_group* group, __u8* in_gc) {
  struct tld_value* value = bpf_task_storage_get(&tld_data_map, p, 0, 0);
  struct tld_metadata* metadata;
  struct tld_data* data;
  __u32 start;

  if (!value) return false;
  data = value->data;
  metadata = value->metadata;
  start = value->start;
  if (!data || !metadata) return false;
  tld_find(metadata, places);
  group->urgency = tld_read(data, start, places->at[TLD_URGENCY]);
  group->hints = tld_read(data, start, places->at[TLD_BATCH]) ? SCHEDHINT_BATCH : 0;
  group->slice_us = tld_read(data, start, places->at[TLD_SLICE_US]);
  group->deadline_ns = tld_read(data, start, places->at[TLD_DEADLINE_NS]);
  *in_gc = (tld_read(data, start, places->at[TLD_GC]) & SCHEDHINT_GC_PAUSED) != 0;
  return true;
}

#endif /* TLD_H */
