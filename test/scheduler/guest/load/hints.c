/* Binds tasks to their blocks, and says there what is not true. */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "load.h"

void open_map(const char* pin) {
  union bpf_attr attr;

  memset(&attr, 0, sizeof(attr));
  attr.pathname = (__u64)(unsigned long)pin;
  run->map = syscall(SYS_bpf, BPF_OBJ_GET, &attr, sizeof(attr));
}

static int bind_block(pid_t tid, struct schedhint_thread* thread,
                      struct schedhint_process* process) {
  struct schedhint_value value = {.thread = thread, .process = process};
  int pidfd = syscall(SYS_pidfd_open, tid, O_EXCL), error;
  union bpf_attr attr;

  if (pidfd < 0) return -1;
  memset(&attr, 0, sizeof(attr));
  attr.map_fd = run->map;
  attr.key = (__u64)(unsigned long)&pidfd;
  attr.value = (__u64)(unsigned long)&value;
  error = syscall(SYS_bpf, BPF_MAP_UPDATE_ELEM, &attr, sizeof(attr));
  close(pidfd);
  return error;
}

static void fill(struct group* group, int task, struct schedhint_process* process) {
  struct schedhint_thread* block = &group->block[task];

  block->gc_expect_us = group->lies & LIE_PAUSE ? 1000000 : 0;
  block->gc = group->lies & LIE_PAUSE ? SCHEDHINT_GC_MAJOR : 0;
  block->urgency = group->lies & LIE_URGENCY ? SCHEDHINT_URGENCY_CRITICAL : 0;
  block->hints = group->lies & SAY_BATCH ? SCHEDHINT_BATCH : 0;
  renew_lies(group, task, now_ns());
  process->gc_threads = group->lies & LIE_PAUSE ? group->count / group->processes : 0;
  process->abi = SCHEDHINT_ABI;
  __atomic_store_n(&block->abi, SCHEDHINT_ABI, __ATOMIC_RELEASE);
}

/* For a scheduler that has no map, or none at all, lies are words: the program is the same. */
void bind_task(struct group* group, int process, int task) {
  if (!group->lies || run->map < 0) return;
  fill(group, task, &group->process[process]);
  if (bind_block(syscall(SYS_gettid), &group->block[task], &group->process[process]))
    fail("BPF_MAP_UPDATE_ELEM");
}

void renew_lies(struct group* group, int task, uint64_t now) {
  struct schedhint_thread* block = &group->block[task];

  if (group->lies & LIE_PAUSE) block->gc_since_ns = now;
  if (group->lies & LIE_DEADLINE) block->deadline_ns = now + 1000000;
}

/* Kernel threads have no memory: the flag PF_KTHREAD, the ninth word of their stat. */
static bool is_kernel_thread(int pid) {
  char path[64], text[512], *at;
  unsigned long flags = 0;
  FILE* file;

  snprintf(path, sizeof(path), "/proc/%d/stat", pid);
  file = fopen(path, "r");
  if (!file) return false;
  at = fgets(text, sizeof(text), file) ? strrchr(text, ')') : NULL;
  fclose(file);
  return at && sscanf(at, ") %*c %*d %*d %*d %*d %*d %lu", &flags) == 1 && flags & 0x200000;
}

/* Says all that the group says of all kernel threads there are, which root can do. */
void bind_kernel_threads(struct group* group) {
  DIR* proc = opendir("/proc");
  int bound = 0;

  if (run->map < 0 || !proc) fail("the map of hints");
  fill(group, 0, &group->process[0]);
  for (struct dirent* entry = readdir(proc); entry; entry = readdir(proc)) {
    int pid = atoi(entry->d_name);

    if (pid > 0 && is_kernel_thread(pid) && !bind_block(pid, &group->block[0], &group->process[0]))
      bound++;
  }
  closedir(proc);
  if (!bound) fail("no kernel thread was bound");
}
