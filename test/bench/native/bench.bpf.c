// SPDX-License-Identifier: MIT OR BSD-2-Clause OR GPL-2.0
/*
 * What the benchmark writes to: a map for each channel, which no program reads, so that nothing but
 * the writing is measured; and the program behind the uprobe that a hint could be instead.
 */
#include "vmlinux.h"
/* The kernel's types come first: everything below uses them. */
#include <bpf/bpf_helpers.h>
#include <schedhint/schedhint.bpf.h>

char LICENSE[] SEC("license") = "Dual BSD/GPL";

SCHEDHINT_MAP(schedhint);

/* scx_layered's. */
struct task_hint {
  __u64 hint;
  __u64 __reserved[3];
};

struct {
  __uint(type, BPF_MAP_TYPE_TASK_STORAGE);
  __uint(map_flags, BPF_F_NO_PREALLOC);
  __type(key, int);
  __type(value, struct task_hint);
} task_hints SEC(".maps");

/* Task local data, layout C of docs/channels.md. */
struct tld_meta_u {
  char bytes[4096];
};

struct tld_data_u {
  char bytes[4096];
};

static struct tld_meta_u* whole_meta __attribute__((used));
static struct tld_data_u* whole_data __attribute__((used));

struct tld_map_value {
  struct tld_data_u __uptr* data;
  struct tld_meta_u __uptr* meta;
  __u16 start;
};

struct {
  __uint(type, BPF_MAP_TYPE_TASK_STORAGE);
  __uint(map_flags, BPF_F_NO_PREALLOC);
  __type(key, int);
  __type(value, struct tld_map_value);
} tld_data_map SEC(".maps");

__u64 hint;

/* The hint is the function's argument. */
SEC("uprobe")
int take_hint(struct pt_regs* ctx) {
  hint++;
  return 0;
}
