// SPDX-License-Identifier: MIT OR BSD-2-Clause OR GPL-2.0
/*
 * The scheduler's life: the map and the scheduler are put in place, watched, and taken down.
 *
 * The kernel may end the scheduler. If it asks for a restart, because a CPU went on- or offline,
 * the BPF half is loaded again with the same map of hints, so that clients stay bound; else the
 * program ends.
 */
#define _GNU_SOURCE
#include "scheduler.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <schedhint/schedhint.h>
#include <signal.h>
#include <stdarg.h>
#include <string.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

#include "cpu_limits.h"
#include "restarts.h"
#include "stats_server.h"

/* How soon the end of a scheduler that the kernel has thrown out is noticed. */
#define LOOK_MS 200
/* scx/user_exit_info.h: what the kernel asks for in the upper bits of an exit code. */
#define ACTION(code) ((__u64)(code) >> 48)
#define ACTION_RESTART 1

enum outcome { ASKED, FAILED, ENDED, RESTART };

struct life {
  const struct options* options;
  int signals; /* what ends it, as something to poll */
  struct pin pin;
  bool made_pin;
  int map_fd; /* of the map of hints, from the first load on */
  struct topology topology;
  struct programs* programs;
  __u64 before[STAT_COUNT]; /* what was counted before the last restart */
  struct restarts restarts;
  struct ending ending;
  struct stats_server* server;
  struct report report;
};

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

/* A reader that went away is an error of the next write instead of a signal. */
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

/* A scheduler that does not know of limits would let their cgroups use all CPUs. */
static bool limits_are_known(const struct options* options) {
  char names[1024] = "";
  struct cpu_limits limits;
  size_t length = 0;

  if (options->ignore_cpu_max || kernel_has_operation("cgroup_set_bandwidth")) return true;
  cpu_limits_find(&limits, CPU_LIMITS_ROOT);
  for (int i = 0; i < CPU_LIMITS_NAMED && limits.names[i] && length < sizeof(names); i++)
    length +=
        snprintf(names + length, sizeof(names) - length, "%s%s", i ? ", " : "", limits.names[i]);
  if (limits.count > CPU_LIMITS_NAMED && length < sizeof(names))
    snprintf(names + length, sizeof(names) - length, " and %d more",
             limits.count - CPU_LIMITS_NAMED);
  if (limits.count)
    complain(
        "cgroups have a limit of CPU time (cpu.max), and this kernel does not let a sched_ext "
        "scheduler know of it (Linux 6.17 does): %s. They could use all CPUs. Remove the limits, "
        "or "
        "start with --ignore-cpu-max",
        names);
  cpu_limits_free(&limits);
  return !limits.count;
}

static void add_counts(void* from, __u64* sums) {
  const struct life* life = from;

  for (int i = 0; i < STAT_COUNT; i++) sums[i] += life->before[i];
  if (life->programs) programs_count(life->programs, sums);
}

static void report(struct life* life, bool final) {
  __u64 sums[STAT_COUNT] = {0};

  add_counts(life, sums);
  report_counts(&life->report, sums, life->restarts.count, final);
}

/* Until the end is asked for, or the kernel ends it. */
static enum outcome supervise(struct life* life) {
  const struct stats_source source = {add_counts, life};
  const int every = life->options->stats_ms;
  struct pollfd waits[] = {
      {.fd = life->signals, .events = POLLIN},
      {.fd = life->server ? stats_server_fd(life->server) : -1, .events = POLLIN},
  };
  __u64 next = monotonic_ms() + every;

  for (;;) {
    __u64 now = monotonic_ms();
    int patience = LOOK_MS;

    if (every && next < now + patience) patience = next > now ? next - now : 0;
    if (poll(waits, 2, patience) < 0 && errno != EINTR) {
      complain("cannot wait (poll): %s", strerror(errno));
      return FAILED;
    }
    if (waits[0].revents) return ASKED;
    if (programs_ended(life->programs, &life->ending))
      return ACTION(life->ending.code) == ACTION_RESTART ? RESTART : ENDED;
    if (waits[1].revents) stats_server_work(life->server, &source);
    if (!every || monotonic_ms() < next) continue;
    next += every;
    report(life, false);
  }
}

/* Loads the scheduler and switches to it. The scheduler comes before the pin: a client that binds
 * is read immediately. */
static bool put_in_place(struct life* life) {
  const struct options* options = life->options;

  life->programs = programs_load(options, &life->topology, life->map_fd);
  if (!life->programs || !programs_attach(life->programs)) return false;
  if (life->restarts.count) {
    report_restart(&life->report, &life->topology, &life->ending);
    return true;
  }
  if (!life->pin.reused) {
    int map_fd = programs_map_fd(life->programs, "schedhint");

    if (!pin_create(&life->pin, map_fd, &options->access)) return false;
    life->made_pin = true;
    /* The next load needs the map when the first one's object is gone. */
    life->map_fd = fcntl(map_fd, F_DUPFD_CLOEXEC, 0);
    if (life->map_fd < 0) {
      complain("cannot keep the map (fcntl): %s", strerror(errno));
      return false;
    }
  }
  life->server = stats_server_open(STATS_SOCKET);
  report_ready(&life->report, life->programs, &life->pin, &life->topology, options);
  return true;
}

/* What it has counted stays known. */
static void take_down(struct life* life) {
  __u64 sums[STAT_COUNT] = {0};
  struct programs* programs = life->programs;

  if (!programs) return;
  programs_detach(programs);
  programs_ended(programs, &life->ending);
  add_counts(life, sums);
  memcpy(life->before, sums, sizeof(life->before));
  life->programs = NULL;
  programs_free(programs);
}

static enum outcome live(struct life* life) {
  for (;;) {
    enum outcome outcome = put_in_place(life) ? supervise(life) : FAILED;

    take_down(life);
    if (outcome != RESTART) return outcome;
    if (may_restart(&life->restarts, monotonic_ms())) continue;
    complain("the kernel asked for more than %d restarts in %d s", RESTARTS_MAX,
             RESTARTS_MS / 1000);
    return ENDED;
  }
}

static int end(struct life* life, enum outcome outcome) {
  const struct options* options = life->options;

  if (outcome == FAILED && life->restarts.count) outcome = ENDED;
  if (outcome != FAILED && (options->stats_ms || options->json)) report(life, true);
  if (life->ending.kind) report_ending(&life->report, &life->ending);
  stats_server_close(life->server);
  if (life->made_pin && !options->keep_pin) pin_remove(&life->pin);
  return outcome == ASKED ? EXIT_ASKED : outcome == ENDED ? EXIT_ENDED : EXIT_REFUSED;
}

int main(int argc, char** argv) {
  static struct life life; /* some kilobytes */
  static struct options options;

  read_options(&options, argc, argv);
  if (options.monitor) return monitor(&options, STATS_SOCKET);
  life.options = &options;
  life.report.json = options.json;
  life.signals = open_signals();
  if (life.signals < 0 || !pin_find(&life.pin, options.pin, sizeof(struct schedhint_value),
                                    options.trust_pin, &options.access))
    return EXIT_REFUSED;
  life.map_fd = life.pin.map_fd;
  if (!kernel_read() || !limits_are_known(&options)) return EXIT_REFUSED;
  return end(&life, live(&life));
}
