// SPDX-License-Identifier: MIT OR BSD-2-Clause OR GPL-2.0
/*
 * A scheduler's own struct, with all that C has for one: `schedhint gen` makes the TypeScript for
 * it. At each system call of a thread that has asked, it answers with what it read in every field.
 */
#include "vmlinux.h"
/* The kernel's types come first: everything below uses them. */
#include <bpf/bpf_helpers.h>

char LICENSE[] SEC("license") = "Dual BSD/GPL";

#ifndef __uptr
#define __uptr __attribute__((btf_type_tag("uptr")))
#endif

#define LANES 4

enum work_policy {
  POLICY_NONE,
  POLICY_BATCH = 1,
  POLICY_LATENCY = 7,
};

enum work_trend {
  TREND_DOWN = -1,
  TREND_FLAT,
  TREND_UP,
};

struct work_range {
  __u32 low;
  __u32 high;
};

struct work_lane {
  __u16 depth;
  struct work_range range;
  enum work_policy policy;
};

/* 21 fields. */
struct work_hints {
  __u64 request;
  enum work_policy policy;
#ifdef WORK_SHIFTED
  __u32 inserted; /* an older version's: what comes after it lies elsewhere */
#endif
  enum work_trend trend;
  struct work_range range;
  struct work_lane lanes[LANES];
  __u8 label[8];
  __s16 deltas[3];
  __u32 pinned : 1;
  __u32 level : 6;
  __u32 weight : 20;
  _Bool interactive;
  __s8 nice;
  union {
    __u64 cookie;
    struct {
      __u32 cookie_low;
      __u32 cookie_high;
    };
  };
  __s64 balance;
  __u32 grid[2][3];
  __u64 deadlines[2] __attribute__((aligned(64)));
  enum work_policy history[3];
  /* written by the program */
  __u64 answered;
  __u64 sum;
};

struct work_value {
  struct work_hints __uptr* hints;
  __u64 reserved[2];
};

/* Without it clang describes work_hints by its name only. */
static struct work_hints* whole_type __attribute__((used));

struct {
  __uint(type, BPF_MAP_TYPE_TASK_STORAGE);
  __uint(map_flags, BPF_F_NO_PREALLOC);
  __type(key, int);
  __type(value, struct work_value);
} workmap SEC(".maps");

/* Each field counts with its own factor, so that no two can be taken for one another. */
static __u64 sum_of(const struct work_hints* h) {
  __u64 sum = 0;
  __u64 factor = 1;

#define ADD(value) (sum += (__u64)(value) * factor, factor *= 31)
  ADD(h->policy);
  ADD(h->trend);
  ADD(h->range.low);
  ADD(h->range.high);
  for (int i = 0; i < LANES; i++) {
    ADD(h->lanes[i].depth);
    ADD(h->lanes[i].range.low);
    ADD(h->lanes[i].range.high);
    ADD(h->lanes[i].policy);
  }
  for (int i = 0; i < 8; i++) ADD(h->label[i]);
  for (int i = 0; i < 3; i++) ADD(h->deltas[i]);
  ADD(h->pinned);
  ADD(h->level);
  ADD(h->weight);
  ADD(h->interactive);
  ADD(h->nice);
  ADD(h->cookie_low);
  ADD(h->cookie_high);
  ADD(h->balance);
  for (int i = 0; i < 6; i++) ADD(h->grid[i / 3][i % 3]);
  ADD(h->deadlines[0]);
  ADD(h->deadlines[1]);
  for (int i = 0; i < 3; i++) ADD(h->history[i]);
#undef ADD
  return sum;
}

SEC("tp_btf/sys_enter")
int answer(void* ctx) {
  struct work_value* value = bpf_task_storage_get(&workmap, bpf_get_current_task_btf(), 0, 0);
  struct work_hints* hints;

  if (!value) return 0; /* this thread has not registered */
  hints = value->hints;
  if (!hints || hints->request == hints->answered) return 0;
  hints->sum = sum_of(hints);
  hints->answered = hints->request;
  return 0;
}
