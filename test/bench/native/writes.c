// What a hint could be instead of a store by JavaScript: a store by C, or a system call.

#define _GNU_SOURCE
#include <bpf/bpf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "bench.h"

#define URGENCIES 1024

// As large as a block, so that nothing else shares its lines.
static volatile uint32_t block[32] __attribute__((aligned(128)));
enum { URGENCY = 8 };

void store_field(uint32_t field, uint32_t value) {
  block[field % 32] = value;
}

int64_t store_plain(uint32_t count) {
  int64_t start = now_ns();
  for (uint32_t i = 0; i < count; i++) {
    block[URGENCY] = i % URGENCIES;
  }
  return now_ns() - start;
}

int64_t store_seq_cst(uint32_t count) {
  _Atomic uint32_t* urgency = (_Atomic uint32_t*)&block[URGENCY];
  int64_t start = now_ns();
  for (uint32_t i = 0; i < count; i++) {
    atomic_store_explicit(urgency, i % URGENCIES, memory_order_seq_cst);
  }
  return now_ns() - start;
}

int64_t rename_thread(uint32_t count) {
  static const char* const names[] = {"bench-0", "bench-1"};
  char before[16];
  prctl(PR_GET_NAME, before);
  int64_t start = now_ns();
  for (uint32_t i = 0; i < count; i++) prctl(PR_SET_NAME, names[i % 2]);
  int64_t took = now_ns() - start;
  prctl(PR_SET_NAME, before);
  return took;
}

__attribute__((visibility("default"), noinline)) void bench_probed(uint32_t urgency) {
  asm volatile("" ::"r"(urgency) : "memory");
}

int64_t call_probed(uint32_t count) {
  int64_t start = now_ns();
  for (uint32_t i = 0; i < count; i++) bench_probed(i % URGENCIES);
  return now_ns() - start;
}

// With the descriptors of the map and of the thread kept open: an update cannot be cheaper.
int64_t update_hint(uint32_t count) {
  struct {
    uint64_t hint;
    uint64_t reserved[3];
  } value = {0};
  int map = map_descriptor("task_hints");
  if (map < 0) return map;
  int thread = (int)syscall(SYS_pidfd_open, syscall(SYS_gettid), O_EXCL);
  if (thread < 0) return -errno;
  int64_t start = now_ns();
  int error = 0;
  for (uint32_t i = 0; i < count && error == 0; i++) {
    value.hint = i % URGENCIES;
    error = bpf_map_update_elem(map, &thread, &value, BPF_ANY);
  }
  int64_t took = now_ns() - start;
  close(thread);
  return error < 0 ? error : took;
}

int64_t read_two_clocks(uint32_t count) {
  struct timespec now;
  int64_t start = now_ns();
  for (uint32_t i = 0; i < count; i++) {
    clock_gettime(CLOCK_MONOTONIC, &now);
    clock_gettime(CLOCK_MONOTONIC, &now);
  }
  return now_ns() - start;
}
