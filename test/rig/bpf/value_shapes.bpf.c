// SPDX-License-Identifier: MIT OR BSD-2-Clause OR GPL-2.0
/*
 * Maps with values of other shapes than schedhint's: what a client may find under a pin, and has to
 * bind to, or to leave alone, without writing where no one asked for an address.
 */
#include "vmlinux.h"
/* The kernel's types come first: everything below uses them. */
#include <bpf/bpf_helpers.h>
#include <schedhint/schedhint.bpf.h>

char LICENSE[] SEC("license") = "Dual BSD/GPL";

struct bytes_64 {
  __u64 word[8];
};

struct bytes_256 {
  __u64 word[32];
};

struct bytes_512 {
  __u64 word[64];
};

struct bytes_1000 {
  __u64 word[125];
};

/* No pointer anywhere: an address stored here would be published to every reader of the map. */
struct plain_value {
  __u64 first;
  __u64 second;
};

/* A thread block twice the size of ours: BPF may write into the neighbour of a 256-byte block. */
struct larger_value {
  struct bytes_512 __uptr* thread;
  struct schedhint_process __uptr* process;
};

/* The first line of ours. */
struct smaller_value {
  struct bytes_64 __uptr* thread;
  struct schedhint_process __uptr* process;
};

/* Ours and one pointer more, as a later version would have it. */
struct wider_value {
  struct schedhint_thread __uptr* thread;
  struct schedhint_process __uptr* process;
  struct bytes_64 __uptr* later;
};

struct custom_big_value {
  struct bytes_1000 __uptr* data;
};

struct two_value {
  struct bytes_64 __uptr* first;
  __u64 between;
  struct bytes_256 __uptr* second;
};

/* Without these clang describes what the pointers point to by name only. */
static struct schedhint_thread* whole_thread __attribute__((used));
static struct schedhint_process* whole_process __attribute__((used));
static struct bytes_64* whole_64 __attribute__((used));
static struct bytes_256* whole_256 __attribute__((used));
static struct bytes_512* whole_512 __attribute__((used));
static struct bytes_1000* whole_1000 __attribute__((used));

#define TASK_STORAGE(name, type_of_value)    \
  struct {                                   \
    __uint(type, BPF_MAP_TYPE_TASK_STORAGE); \
    __uint(map_flags, BPF_F_NO_PREALLOC);    \
    __type(key, int);                        \
    __type(value, type_of_value);            \
  } name SEC(".maps")

TASK_STORAGE(plain, struct plain_value);
TASK_STORAGE(larger, struct larger_value);
TASK_STORAGE(smaller, struct smaller_value);
TASK_STORAGE(wider, struct wider_value);
TASK_STORAGE(custom_big, struct custom_big_value);
TASK_STORAGE(two, struct two_value);

/* Returns one bit for each map in which the calling task has an element, in the order above. */
SEC("syscall")
int elements_of_caller(void* ctx) {
  struct task_struct* task = bpf_get_current_task_btf();
  int found = 0;

  if (bpf_task_storage_get(&plain, task, 0, 0)) found |= 1;
  if (bpf_task_storage_get(&larger, task, 0, 0)) found |= 2;
  if (bpf_task_storage_get(&smaller, task, 0, 0)) found |= 4;
  if (bpf_task_storage_get(&wider, task, 0, 0)) found |= 8;
  if (bpf_task_storage_get(&custom_big, task, 0, 0)) found |= 16;
  if (bpf_task_storage_get(&two, task, 0, 0)) found |= 32;
  return found;
}
