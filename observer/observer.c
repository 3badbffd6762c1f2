// SPDX-License-Identifier: MIT OR BSD-2-Clause OR GPL-2.0
/*
 * The observer's loader: puts the BPF programs and the pinned map in place, prints what they see,
 * and takes everything down again on SIGINT, SIGTERM or the end of stdin.
 */
#define _GNU_SOURCE
#include "observer.h"

#include <errno.h>
#include <getopt.h>
#include <libgen.h>
#include <limits.h>
#include <poll.h>
#include <schedhint/schedhint.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

static const char usage[] =
    "Usage: observer [options]\n"
    "Shows what threads hint to schedulers, and reports to them what they got.\n"
    "Prints JSON lines. A line `snapshot` on stdin asks for one immediately; the end of stdin,\n"
    "SIGINT or SIGTERM ends it, with a last snapshot.\n"
    "\n"
    "  --pin PATH      where clients find the map (" SCHEDHINT_DEFAULT_PIN
    ")\n"
    "  --group GID     give the pin to this group, whose members may bind (mode 0660)\n"
    "  --mode OCTAL    permissions of the pin (0600); 0666 lets every user of the machine set the\n"
    "                  hints of any thread, others' too\n"
    "  --trust-pin     take over a pin that every user may write, or that another user owns;\n"
    "                  with --no-feedback any is taken\n"
    "  --keep-pin      leave the pin behind: clients stay bound until the next reader comes\n"
    "  --interval MS   between two snapshots; 0: only when asked (500)\n"
    "  --period US     between two looks at a thread that runs, 20 to 200 (100)\n"
    "  --pid PID       report this process only\n"
    "  --events        print each event of the process that --pid names, too\n"
    "  --no-feedback   write no feedback: another reader does\n"
    "  --threads N     threads it can keep at a time (16384)\n"
    "  --object PATH   the BPF object (observer.bpf.o, next to this program)\n"
    "  --help\n";

void complain(const char* format, ...) {
  va_list arguments;

  va_start(arguments, format);
  fputs("observer: ", stderr);
  vfprintf(stderr, format, arguments);
  fputc('\n', stderr);
  va_end(arguments);
}

__u64 monotonic_ns(void) {
  struct timespec now;

  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * 1000000000ULL + now.tv_nsec;
}

static unsigned long read_number(const char* option, const char* text, int base, unsigned long low,
                                 unsigned long high) {
  char* end;
  unsigned long number;

  errno = 0;
  number = strtoul(text, &end, base);
  if (!errno && *text >= '0' && *text <= '9' && !*end && number >= low && number <= high)
    return number;
  if (base == 8)
    complain("--%s must be octal digits up to %lo, not \"%s\"", option, high, text);
  else
    complain("--%s must be a number from %lu to %lu, not \"%s\"", option, low, high, text);
  exit(FAILED_USAGE);
}

static const char* default_object(void) {
  static char path[PATH_MAX + 32];
  char self[PATH_MAX];
  ssize_t length = readlink("/proc/self/exe", self, sizeof(self) - 1);

  if (length < 0) return "observer.bpf.o";
  self[length] = 0;
  snprintf(path, sizeof(path), "%s/observer.bpf.o", dirname(self));
  return path;
}

static void read_options(struct options* options, int argc, char** argv) {
  static const struct option known[] = {
      {"pin", required_argument, NULL, 'p'},     {"mode", required_argument, NULL, 'm'},
      {"group", required_argument, NULL, 'g'},   {"trust-pin", no_argument, NULL, 'T'},
      {"keep-pin", no_argument, NULL, 'k'},      {"interval", required_argument, NULL, 'i'},
      {"period", required_argument, NULL, 'c'},  {"pid", required_argument, NULL, 'P'},
      {"threads", required_argument, NULL, 't'}, {"object", required_argument, NULL, 'o'},
      {"events", no_argument, NULL, 'e'},        {"no-feedback", no_argument, NULL, 'n'},
      {"help", no_argument, NULL, 'h'},          {NULL, 0, NULL, 0},
  };
  int option;

  *options = (struct options){
      .pin = SCHEDHINT_DEFAULT_PIN,
      .object = default_object(),
      .access = {.group = PIN_NO_GROUP},
      .period_us = 100,
      .threads = 16384,
      .interval_ms = 500,
  };
  while ((option = getopt_long(argc, argv, "", known, NULL)) != -1) {
    switch (option) {
      case 'p':
        options->pin = optarg;
        break;
      case 'm':
        options->access.mode = read_number("mode", optarg, 8, 0, 0777);
        break;
      case 'g':
        options->access.group = read_number("group", optarg, 10, 0, INT_MAX);
        break;
      case 'T':
        options->trust_pin = true;
        break;
      case 'k':
        options->keep_pin = true;
        break;
      case 'i':
        options->interval_ms = read_number("interval", optarg, 10, 0, 3600000);
        break;
      case 'c':
        options->period_us = read_number("period", optarg, 10, 20, 200);
        break;
      case 'P':
        options->pid = read_number("pid", optarg, 10, 1, INT_MAX);
        break;
      case 't':
        options->threads = read_number("threads", optarg, 10, 1, 1 << 20);
        break;
      case 'o':
        options->object = optarg;
        break;
      case 'e':
        options->events = true;
        break;
      case 'n':
        options->silent = true;
        break;
      case 'h':
        fputs(usage, stdout);
        exit(0);
      default:
        fputs(usage, stderr);
        exit(FAILED_USAGE);
    }
  }
  if (optind < argc)
    complain("unexpected argument \"%s\"", argv[optind]);
  else if (options->events && !options->pid)
    complain("--events needs a process: --pid PID");
  else
    return;
  exit(FAILED_USAGE);
}

/* The signals that end the observer, as something to poll; a reader that went away is an error of
 * the next write instead of a signal. */
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

struct requests {
  char line[64];
  size_t length;
};

/* Whole lines from stdin. Returns how many snapshots they asked for, -1 at its end. */
static int read_requests(struct requests* requests) {
  char buffer[256];
  ssize_t count = read(STDIN_FILENO, buffer, sizeof(buffer));
  int snapshots = 0;

  if (count < 0 && errno == EINTR) return 0;
  if (count <= 0) return -1;
  for (ssize_t i = 0; i < count; i++) {
    if (buffer[i] != '\n') {
      if (requests->length < sizeof(requests->line) - 1)
        requests->line[requests->length++] = buffer[i];
      continue;
    }
    requests->line[requests->length] = 0;
    if (!strcmp(requests->line, "snapshot"))
      snapshots++;
    else if (requests->length)
      complain("unknown request \"%s\"; known is: snapshot", requests->line);
    requests->length = 0;
  }
  return snapshots;
}

/* The programs wake no process for an event. */
#define EVENTS_EVERY_MS 20

static void warn_once(const struct options* options, const struct programs* programs) {
  static bool warned;

  if (warned || !programs_refused(programs)) return;
  complain("more than %u threads: some are not observed; raise --threads", options->threads);
  warned = true;
}

/* Until the end is asked for; false if stdout went away. */
static bool observe(const struct options* options, const struct pin* pin,
                    const struct programs* programs, struct events* events, int signals) {
  struct pollfd sources[] = {{.fd = signals, .events = POLLIN},
                             {.fd = STDIN_FILENO, .events = POLLIN}};
  __u64 interval = options->interval_ms * 1000000ULL, next = monotonic_ns() + interval;
  int records = programs_map_fd(programs, "records");
  struct requests requests = {.length = 0};

  for (;;) {
    __u64 now = monotonic_ns();
    int timeout = !interval ? -1 : next > now ? (int)((next - now + 999999) / 1000000) : 0;
    int snapshots = 0;

    if (events && (timeout < 0 || timeout > EVENTS_EVERY_MS)) timeout = EVENTS_EVERY_MS;
    if (poll(sources, 2, timeout) < 0 && errno != EINTR) {
      complain("cannot wait (poll): %s", strerror(errno));
      return false;
    }
    if (events && !events_print(events)) return false;
    if (sources[0].revents) return true;
    if (sources[1].revents) snapshots = read_requests(&requests);
    if (snapshots < 0) return true;
    now = monotonic_ns();
    if (interval && now >= next) {
      next = now + interval;
      snapshots++;
    }
    for (; snapshots; snapshots--)
      if (!report_snapshot(pin, options, records, false, events ? events_lost(events) : 0,
                           monotonic_ns()))
        return false;
    warn_once(options, programs);
  }
}

static enum failure why_not(int error, enum failure otherwise) {
  if (error == EPERM || error == EACCES) return FAILED_PERMISSION;
  return error == ENOSYS ? FAILED_KERNEL : otherwise;
}

int main(int argc, char** argv) {
  struct options options;
  struct programs* programs;
  struct events* events = NULL;
  struct pin pin;
  bool good = false, pinned = false;
  enum failure failure = FAILED;
  int signals;
  __u64 end;

  read_options(&options, argc, argv);
  signals = open_signals();
  if (signals < 0) return FAILED;
  /* One that only watches acts on no hint, and answers none. */
  if (!pin_find(&pin, options.pin, sizeof(struct schedhint_value),
                options.trust_pin || options.silent, &options.access))
    return why_not(pin.error, FAILED_MAP);
  programs = programs_load(&options, pin.map_fd);
  if (!programs) return why_not(programs_error(), FAILED_KERNEL);
  if (!programs_attach(programs, &options)) {
    failure = why_not(programs_error(), FAILED);
  } else if (!pin.reused &&
             !pin_create(&pin, programs_map_fd(programs, "schedhint"), &options.access)) {
    failure = FAILED_MAP;
  } else {
    pinned = true;
    if (options.events) events = events_open(programs);
    good = (events || !options.events) && report_ready(&pin, &options) &&
           observe(&options, &pin, programs, events, signals);
  }

  /* First the programs: nothing may change between the maps as printed and the blocks. */
  end = monotonic_ns();
  programs_detach(programs);
  warn_once(&options, programs);
  if (good && events) good = events_print(events);
  if (good)
    good = report_snapshot(&pin, &options, programs_map_fd(programs, "records"), true,
                           events ? events_lost(events) : 0, end);
  if (pinned && !pin.reused && !options.keep_pin) good = pin_remove(&pin) && good;
  events_close(events);
  programs_free(programs);
  return good ? 0 : failure;
}
