// SPDX-License-Identifier: MIT OR BSD-2-Clause OR GPL-2.0
/*
 * Loads user_data.bpf.o, attaches it, and pins its map where clients look for it. Prints
 * `ready <map id>`, and takes everything down on SIGINT, SIGTERM or the end of stdin.
 */
#define _GNU_SOURCE
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <libgen.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

static const char* pin = "/sys/fs/bpf/datamap";

static bool failed(const char* what, int error, const char* advice) {
  fprintf(stderr, "loader: cannot %s: %s%s\n", what, strerror(error), advice);
  return false;
}

static const char* object_path(void) {
  static char path[PATH_MAX + 32];
  char self[PATH_MAX];
  ssize_t length = readlink("/proc/self/exe", self, sizeof(self) - 1);

  if (length < 0) return "user_data.bpf.o";
  self[length] = 0;
  snprintf(path, sizeof(path), "%s/user_data.bpf.o", dirname(self));
  return path;
}

/* Under another name first: a client that watches the directory must not open half of it. */
static bool put_pin(int map_fd) {
  char copy[PATH_MAX], temporary[PATH_MAX + 32];
  int error;

  snprintf(copy, sizeof(copy), "%s", pin);
  snprintf(temporary, sizeof(temporary), "%s/datamap_new_%d", dirname(copy), (int)getpid());
  if (bpf_obj_pin(map_fd, temporary))
    return failed("pin the map", errno,
                  "; --pin must be on a bpf filesystem: mount -t bpf bpf DIR");
  if (!rename(temporary, pin)) return true;
  error = errno;
  unlink(temporary);
  return failed("rename the pin into place", error, "");
}

/* The signals that end it, as something to poll: from before there is anything to take down. */
static int open_signals(void) {
  sigset_t ends;

  sigemptyset(&ends);
  sigaddset(&ends, SIGINT);
  sigaddset(&ends, SIGTERM);
  sigprocmask(SIG_BLOCK, &ends, NULL);
  return signalfd(-1, &ends, SFD_CLOEXEC);
}

static void wait_for_end(int signals) {
  struct pollfd sources[] = {{.fd = signals, .events = POLLIN},
                             {.fd = STDIN_FILENO, .events = POLLIN}};
  char ignored[256];

  for (;;) {
    if (poll(sources, 2, -1) < 0 && errno != EINTR) return;
    if (sources[0].revents) return;
    if (sources[1].revents && read(STDIN_FILENO, ignored, sizeof(ignored)) <= 0) return;
  }
}

static bool run(struct bpf_object* object, int signals) {
  struct bpf_map_info info = {0};
  __u32 length = sizeof(info);
  struct bpf_link* link;
  int map_fd;

  if (bpf_object__load(object))
    return failed("load the program", errno,
                  "; this needs root (CAP_BPF, CAP_PERFMON), Linux 6.13");
  map_fd = bpf_object__find_map_fd_by_name(object, "datamap");
  if (bpf_obj_get_info_by_fd(map_fd, &info, &length)) return failed("read the map's id", errno, "");
  link = bpf_program__attach(bpf_object__find_program_by_name(object, "add"));
  if (!link) return failed("attach the program", errno, "");
  if (put_pin(map_fd)) {
    printf("ready %u\n", info.id);
    fflush(stdout);
    wait_for_end(signals);
    if (unlink(pin) && errno != ENOENT) failed("remove the pin", errno, "");
    bpf_link__destroy(link);
    return true;
  }
  bpf_link__destroy(link);
  return false;
}

int main(int argc, char** argv) {
  struct bpf_object* object;
  bool good;
  int signals;

  if (argc == 3 && !strcmp(argv[1], "--pin")) {
    pin = argv[2];
  } else if (argc != 1) {
    fprintf(stderr, "Usage: loader [--pin PATH]   (default: %s)\n", pin);
    return 2;
  }
  signals = open_signals();
  if (signals < 0) {
    failed("wait for signals", errno, "");
    return 1;
  }
  object = bpf_object__open_file(object_path(), NULL);
  if (!object) {
    failed("open user_data.bpf.o", errno, "; build it with `make`");
    return 1;
  }
  good = run(object, signals);
  bpf_object__close(object);
  return good ? 0 : 1;
}
