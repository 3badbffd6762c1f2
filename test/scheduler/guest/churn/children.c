/* A child: two threads that work and sleep in turns, with hints at random in blocks of theirs. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/bpf.h>
#include <pthread.h>
#include <schedhint/schedhint.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "churn.h"

#define THREADS 2

static struct page {
  struct schedhint_process process;
  struct schedhint_thread thread[THREADS];
}* page;
static int map = -1;
static const char* pin_path;
static volatile sig_atomic_t must_exec;

static void on_signal(int signal) {
  (void)signal;
  must_exec = 1;
}

static uint64_t now_ns(void) {
  struct timespec now;

  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * 1000000000ULL + now.tv_nsec;
}

static void open_map(void) {
  union bpf_attr attr;

  if (map >= 0) close(map);
  memset(&attr, 0, sizeof(attr));
  attr.pathname = (__u64)(unsigned long)pin_path;
  map = syscall(SYS_bpf, BPF_OBJ_GET, &attr, sizeof(attr));
}

/* The scheduler may be between two lives: then there is no map for a while. */
static void bind_block(int i) {
  struct schedhint_value value = {.thread = &page->thread[i], .process = &page->process};
  int pidfd = syscall(SYS_pidfd_open, syscall(SYS_gettid), O_EXCL);
  union bpf_attr attr;

  memset(&attr, 0, sizeof(attr));
  attr.map_fd = map;
  attr.key = (__u64)(unsigned long)&pidfd;
  attr.value = (__u64)(unsigned long)&value;
  if (map >= 0 && pidfd >= 0) syscall(SYS_bpf, BPF_MAP_UPDATE_ELEM, &attr, sizeof(attr));
  if (pidfd >= 0) close(pidfd);
}

static void hint(struct schedhint_thread* block) {
  unsigned bits = below(1 << 16);

  block->gc = bits & 1 ? SCHEDHINT_GC_MAJOR : 0;
  block->gc_since_ns = now_ns();
  block->gc_expect_us = bits & 2 ? 1000000 : 0;
  block->urgency = bits & 4 ? bits >> 5 & 2047 : 0;
  block->deadline_ns = bits & 8 ? now_ns() + below(30000000) : 0;
  block->hints = bits & 16 ? SCHEDHINT_BATCH : 0;
  page->process.gc_threads = bits & 1;
  __atomic_store_n(&block->abi, SCHEDHINT_ABI, __ATOMIC_RELEASE);
}

static void* work(void* argument) {
  int i = (long)argument;

  for (unsigned round = 0;; round++) {
    uint64_t end = now_ns() + (1 + below(30)) * 1000000ULL;

    if (round % 64 == 0) {
      if (i == 0) open_map();
      bind_block(i);
    }
    hint(&page->thread[i]);
    while (now_ns() < end);
    if (must_exec && i == 0) {
      char seed[16];

      snprintf(seed, sizeof(seed), "%u", below(1 << 30));
      execl("/proc/self/exe", "churn", "--child", seed, pin_path, NULL);
    }
    if (below(3)) sleep_ms(1 + below(10));
  }
  return NULL;
}

void live(unsigned seed, const char* pin) {
  pthread_t thread;

  prctl(PR_SET_PDEATHSIG, SIGKILL);
  random_state = seed * 0x9e3779b97f4a7c15ULL + 1;
  pin_path = pin;
  signal(SIGUSR1, on_signal);
  page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (page == MAP_FAILED) fail("mmap");
  page->process.abi = SCHEDHINT_ABI;
  /* A deadline task may not have children: it is one for a moment only. */
  while (pthread_create(&thread, NULL, work, (void*)1)) sleep_ms(10);
  work((void*)0);
  _exit(0);
}
