// SPDX-License-Identifier: MIT OR BSD-2-Clause OR GPL-2.0
/*
 * A scheduler for the fault table, as schedulers come: it may be killed at any moment.
 *
 *   scheduler OBJECT PIN [reuse]
 *
 * Loads OBJECT (scheduler.bpf.o), pins its map under a temporary name and renames it to PIN, over
 * whatever is there; with `reuse` it takes the map that is pinned there already, if one is. Prints
 * {"mapId","pinnedNs"}, then answers each line of stdin with one:
 *
 *   bound TID...      {"boundNs"}          waits until every one of these threads has an element
 *   elements TID...   {"elements":n}       how many have one now
 *   seen TID          {"seen":null|{...}}  what its programs found last
 *
 * At the end of stdin it removes the pin, if it is still its own, and exits with 0. Times are
 * strings: they may pass 2^53.
 */
#define _GNU_SOURCE
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "seen.h"

#define MAX_TIDS 1024
#define U64(v) ((unsigned long long)(v))

static int hints_fd, seen_fd;

static void fail(const char* what) {
  fprintf(stderr, "scheduler: %s: %s\n", what, strerror(errno));
  exit(1);
}

static __u64 monotonic_ns(void) {
  struct timespec now;

  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * 1000000000ULL + now.tv_nsec;
}

static __u32 id_of(int map_fd) {
  struct bpf_map_info info = {0};
  __u32 length = sizeof(info);

  if (bpf_obj_get_info_by_fd(map_fd, &info, &length)) fail("BPF_OBJ_GET_INFO_BY_FD");
  return info.id;
}

static void load(const char* path, int reused_fd) {
  struct bpf_object* object = bpf_object__open_file(path, NULL);
  struct bpf_program* program;

  if (!object) fail(path);
  if (reused_fd >= 0 &&
      bpf_map__reuse_fd(bpf_object__find_map_by_name(object, "schedhint"), reused_fd))
    fail("reuse the map");
  if (bpf_object__load(object)) fail("load");
  hints_fd = bpf_object__find_map_fd_by_name(object, "schedhint");
  seen_fd = bpf_object__find_map_fd_by_name(object, "seen");
  bpf_object__for_each_program(program, object) if (!bpf_program__attach(program))
      fail(bpf_program__name(program));
}

/* When the map could be found by its name. */
static __u64 put_in_place(const char* pin) {
  char temporary[PATH_MAX];
  __u64 now;

  snprintf(temporary, sizeof(temporary), "%s_new_%d", pin, (int)getpid());
  if (bpf_obj_pin(hints_fd, temporary)) fail("pin");
  now = monotonic_ns();
  if (rename(temporary, pin)) fail("rename the pin");
  return now;
}

static void take_away(const char* pin) {
  int map_fd = bpf_obj_get(pin);

  if (map_fd < 0) return;
  if (id_of(map_fd) == id_of(hints_fd)) unlink(pin);
  close(map_fd);
}

static int has_element(int tid) {
  unsigned char value[64];                          /* larger than the map's */
  int pidfd = syscall(SYS_pidfd_open, tid, O_EXCL); /* O_EXCL: PIDFD_THREAD */
  int error;

  if (pidfd < 0) return 0;
  error = bpf_map_lookup_elem(hints_fd, &pidfd, value);
  close(pidfd);
  return !error;
}

static int count_elements(const int* tids, int count) {
  int found = 0;

  for (int i = 0; i < count; i++) found += has_element(tids[i]);
  return found;
}

static void print_seen(__u32 tid) {
  struct seen seen;

  if (bpf_map_lookup_elem(seen_fd, &tid, &seen)) {
    puts("{\"seen\":null}");
    return;
  }
  printf("{\"seen\":{\"ns\":\"%llu\",\"looks\":\"%llu\",\"deadlineNs\":\"%llu\",\"user\":\"%llu\"",
         U64(seen.ns), U64(seen.looks), U64(seen.deadline_ns), U64(seen.user));
  printf(",\"urgency\":%u,\"gcNs\":\"%llu\",\"gcSinceNs\":\"%llu\"}}\n", seen.urgency,
         U64(seen.gc_ns), U64(seen.gc_since_ns));
}

static void answer(char* line) {
  static int tids[MAX_TIDS];
  char* rest;
  char* command = strtok_r(line, " \n", &rest);
  int count = 0;

  if (!command) return;
  for (char* word; count < MAX_TIDS && (word = strtok_r(NULL, " \n", &rest));)
    tids[count++] = atoi(word);
  if (!strcmp(command, "bound")) {
    while (count_elements(tids, count) < count) usleep(200);
    printf("{\"boundNs\":\"%llu\"}\n", U64(monotonic_ns()));
  } else if (!strcmp(command, "elements")) {
    printf("{\"elements\":%d}\n", count_elements(tids, count));
  } else if (!strcmp(command, "seen") && count == 1) {
    print_seen(tids[0]);
  } else {
    errno = EINVAL;
    fail(command);
  }
}

int main(int argc, char** argv) {
  char* line = NULL;
  size_t size = 0;
  int found_fd = -1;
  __u64 pinned_ns;

  if (argc < 3 || argc > 4 || (argc == 4 && strcmp(argv[3], "reuse"))) {
    fprintf(stderr, "Usage: scheduler OBJECT PIN [reuse]\n");
    return 2;
  }
  if (argc == 4) found_fd = bpf_obj_get(argv[2]);
  load(argv[1], found_fd);
  pinned_ns = found_fd >= 0 ? monotonic_ns() : put_in_place(argv[2]);
  printf("{\"mapId\":%u,\"pinnedNs\":\"%llu\"}\n", id_of(hints_fd), U64(pinned_ns));
  fflush(stdout);
  while (getline(&line, &size, stdin) > 0) {
    answer(line);
    fflush(stdout);
  }
  take_away(argv[2]);
  return 0;
}
