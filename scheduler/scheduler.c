// SPDX-License-Identifier: MIT OR BSD-2-Clause OR GPL-2.0
/* The scheduler's loader: puts the map and the scheduler in place, reports, and takes both down. */
#define _GNU_SOURCE
#include "scheduler.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

/* How soon the end of a scheduler that the kernel has thrown out is noticed. */
#define LOOK_MS 200

void complain(const char* format, ...) {
  va_list arguments;

  va_start(arguments, format);
  fputs("scx_schedhint: ", stderr);
  vfprintf(stderr, format, arguments);
  fputc('\n', stderr);
  va_end(arguments);
}

static __u64 monotonic_ms(void) {
  struct timespec now;

  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * 1000ULL + now.tv_nsec / 1000000;
}

/* The signals that end it, as something to poll; a reader that went away is an error of the next
 * write instead of a signal. */
static int open_signals(void) {
  sigset_t ends;
  int fd;

  signal(SIGPIPE, SIG_IGN);
  sigemptyset(&ends);
  sigaddset(&ends, SIGINT);
  sigaddset(&ends, SIGTERM);
  sigprocmask(SIG_BLOCK, &ends, NULL);
  fd = signalfd(-1, &ends, SFD_CLOEXEC);
  if (fd < 0) complain("cannot wait for signals (signalfd): %s", strerror(errno));
  return fd;
}

/* Until the end is asked for; false if the kernel ended it, or stdout went away. */
static bool supervise(const struct options* options, const struct programs* programs, int signals) {
  struct pollfd end = {.fd = signals, .events = POLLIN};
  __u64 next = monotonic_ms() + options->interval_ms;
  struct ending ending;

  for (;;) {
    __u64 now = monotonic_ms();
    int patience = LOOK_MS;

    if (options->interval_ms && next < now + patience) patience = next > now ? next - now : 0;
    if (poll(&end, 1, patience) < 0 && errno != EINTR) {
      complain("cannot wait (poll): %s", strerror(errno));
      return false;
    }
    if (end.revents) return true;
    if (programs_ended(programs, &ending)) {
      complain("the kernel ended the scheduler: %s: %s", ending.reason, ending.message);
      return false;
    }
    if (!options->interval_ms || monotonic_ms() < next) continue;
    next += options->interval_ms;
    if (!report_statistics(options, programs, false)) return false;
  }
}

int main(int argc, char** argv) {
  struct options options;
  struct programs* programs;
  struct pins pins;
  bool good;
  int signals;

  read_options(&options, argc, argv);
  signals = open_signals();
  if (signals < 0 || !pins_find(&pins, &options)) return 1;
  programs = programs_load(&options, &pins);
  if (!programs) return 1;
  /* The scheduler first: a client that binds is read at once. */
  good = programs_attach(programs) && pins_create(&pins, programs, &options.access) &&
         report_ready(&pins.each[0].pin, &options);
  good = good && supervise(&options, programs, signals);

  programs_detach(programs);
  if (good) good = report_statistics(&options, programs, true);
  if (!options.keep_pin) good = pins_remove(&pins) && good;
  programs_free(programs);
  return good ? 0 : 1;
}
