/*
 * Writes or deletes the number of one thread in the map of scx_layered's --task-hint-map, as any
 * client of that map may.
 *
 * task-hint PIN TID NUMBER|none
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef PIDFD_THREAD
#define PIDFD_THREAD O_EXCL
#endif

struct task_hint {
  __u64 hint;
  __u64 reserved[3];
};

static int bpf(int command, union bpf_attr* attr) {
  return syscall(SYS_bpf, command, attr, sizeof(*attr));
}

int main(int argc, char** argv) {
  union bpf_attr attr = {0};
  struct task_hint value = {0};
  int map, task;

  if (argc != 4) {
    fprintf(stderr, "usage: task-hint PIN TID NUMBER|none\n");
    return 2;
  }
  attr.pathname = (__u64)argv[1];
  map = bpf(BPF_OBJ_GET, &attr);
  task = syscall(SYS_pidfd_open, atoi(argv[2]), PIDFD_THREAD);
  if (map < 0 || task < 0) {
    fprintf(stderr, "task-hint: %s: %s\n", map < 0 ? argv[1] : argv[2], strerror(errno));
    return 1;
  }
  memset(&attr, 0, sizeof(attr));
  attr.map_fd = map;
  attr.key = (__u64)&task;
  if (strcmp(argv[3], "none")) {
    value.hint = strtoull(argv[3], NULL, 0);
    attr.value = (__u64)&value;
    attr.flags = BPF_ANY;
  }
  if (!bpf(attr.value ? BPF_MAP_UPDATE_ELEM : BPF_MAP_DELETE_ELEM, &attr)) return 0;
  fprintf(stderr, "task-hint: %s\n", strerror(errno));
  return 1;
}
