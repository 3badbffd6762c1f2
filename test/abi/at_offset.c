// SPDX-License-Identifier: MIT OR BSD-2-Clause OR GPL-2.0
/*
 * A client that gives the kernel a thread's block at a chosen offset in its page, aligned or not,
 * which none of the real ones does.
 *
 *   at_offset PIN OFFSET [URGENCY]
 *
 * Prints one line when it is bound, and ends with its input.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/bpf.h>
#include <schedhint/schedhint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static long bpf(int command, union bpf_attr* attr) {
  return syscall(SYS_bpf, command, attr, sizeof(*attr));
}

int main(int argc, char** argv) {
  size_t page = (size_t)sysconf(_SC_PAGESIZE);
  char* memory = mmap(NULL, page, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  struct schedhint_thread block = {.abi = SCHEDHINT_ABI};
  struct schedhint_value value = {0};
  union bpf_attr attr;
  struct timespec now;
  int map, pidfd;

  if (argc < 3 || memory == MAP_FAILED) return 2;
  memset(&attr, 0, sizeof(attr));
  attr.pathname = (__u64)(unsigned long)argv[1];
  map = (int)bpf(BPF_OBJ_GET, &attr);
  pidfd = (int)syscall(SYS_pidfd_open, getpid(), O_EXCL); /* PIDFD_THREAD */
  if (map < 0 || pidfd < 0) return 2;
  clock_gettime(CLOCK_MONOTONIC, &now);
  block.attach_ns = (__u64)now.tv_sec * 1000000000ULL + (__u64)now.tv_nsec;
  block.urgency = argc > 3 ? (__u32)atoi(argv[3]) : 1;
  /* A copy: C allows no access to a struct that is not aligned. */
  memcpy(memory + atoi(argv[2]), &block, sizeof(block));
  value.thread = (struct schedhint_thread*)(void*)(memory + atoi(argv[2]));
  memset(&attr, 0, sizeof(attr));
  attr.map_fd = (__u32)map;
  attr.key = (__u64)(unsigned long)&pidfd;
  attr.value = (__u64)(unsigned long)&value;
  if (bpf(BPF_MAP_UPDATE_ELEM, &attr)) {
    perror("BPF_MAP_UPDATE_ELEM");
    return 2;
  }
  puts("{\"bound\":true}");
  fflush(stdout);
  while (getchar() != EOF) continue;
  return 0;
}
