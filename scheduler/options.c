// SPDX-License-Identifier: MIT OR BSD-2-Clause OR GPL-2.0
/* The scheduler's command line. */
#define _GNU_SOURCE
#include <bpf/libbpf.h>
#include <errno.h>
#include <getopt.h>
#include <libgen.h>
#include <limits.h>
#include <schedhint/schedhint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "scheduler.h"
#include "stats_server.h"
#include "version.h"

static const char usage[] =
    "Usage: scx_schedhint [options]\n"
    "A sched_ext scheduler that acts on the hints of Node.js processes, until SIGINT or SIGTERM.\n"
    "When it ends, however it ends, the kernel's own scheduler takes over again.\n"
    "\n"
    "  --hints LIST       which to act on: all, none, or some of gc,helpers,deadline,urgency,\n"
    "                     batch,pool (all)\n"
    "  --slice US         a task's turn on a CPU (20000)\n"
    "  --pin PATH         where clients find the map (" SCHEDHINT_DEFAULT_PIN
    ")\n"
    "  --group GID        give the pin to this group, whose members may bind (mode 0660)\n"
    "  --mode OCTAL       permissions of the pin (0600); 0666 lets every user of the machine set\n"
    "                     the hints of any thread, others' too\n"
    "  --trust-pin        take over a pin that every user may write, or that another user owns\n"
    "  --keep-pin         leave the pin behind: clients stay bound until a reader comes again\n"
    "  --ignore-cpu-max   start even if cgroups have a limit of CPU time (cpu.max) and this "
    "kernel\n"
    "                     does not let a sched_ext scheduler know of it (before Linux 6.17)\n"
    "  --stats SEC        print every so often what it did since the last time (0.1 to 3600)\n"
    "  --monitor SEC      print the same of the scx_schedhint that runs, and schedule nothing\n"
    "  --json             what is printed is JSON lines, and counts are since the start\n"
    "  --object PATH      the BPF object (scx_schedhint.bpf.o, next to this program); any\n"
    "                     scheduler with a map `schedhint` will do\n"
    "  -V, --version\n"
    "  -h, --help\n"
    "\n"
    "While it runs, the tools of scx find its statistics at " STATS_SOCKET
    ".\n"
    "When a CPU goes on- or offline it starts again without ending: clients stay bound.\n"
    "\n"
    "Exit codes: 0 it was asked to end; 1 it was refused or could not start; 2 the options were\n"
    "not understood; 75 the kernel ended it, and it may be started again.\n";

const char* const hint_names[] = {HINT_NAMES, NULL};

__attribute__((format(printf, 1, 2), noreturn)) static void misunderstood(const char* format, ...) {
  char reason[256];
  va_list arguments;

  va_start(arguments, format);
  vsnprintf(reason, sizeof(reason), format, arguments);
  va_end(arguments);
  complain("%s; see --help", reason);
  exit(EXIT_USAGE);
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
    misunderstood("--%s requires octal digits up to %lo, not \"%s\"", option, high, text);
  misunderstood("--%s requires a number from %lu to %lu, not \"%s\"", option, low, high, text);
}

/* Seconds with a fraction, as milliseconds. */
static int read_seconds(const char* option, const char* text) {
  char* end;
  double seconds = strtod(text, &end);

  if (*text >= '0' && *text <= '9' && !*end && seconds >= 0.1 && seconds <= 3600)
    return (int)(seconds * 1000 + 0.5);
  misunderstood("--%s requires seconds from 0.1 to 3600, not \"%s\"", option, text);
}

static __u32 read_hints(char* text) {
  __u32 hints = 0;

  if (!strcmp(text, "all")) return HINTS_ALL;
  if (!strcmp(text, "none")) return 0;
  for (char* name = strtok(text, ","); name; name = strtok(NULL, ",")) {
    int i = 0;

    while (hint_names[i] && strcmp(hint_names[i], name)) i++;
    if (!hint_names[i]) misunderstood("--hints knows no \"%s\"", name);
    hints |= 1U << i;
  }
  return hints;
}

static const char* default_object(void) {
  static char path[PATH_MAX + 32];
  char self[PATH_MAX];
  ssize_t length = readlink("/proc/self/exe", self, sizeof(self) - 1);

  if (length < 0) return "scx_schedhint.bpf.o";
  self[length] = 0;
  snprintf(path, sizeof(path), "%s/scx_schedhint.bpf.o", dirname(self));
  return path;
}

static void print_version(void) {
  printf("scx_schedhint %s\nABI %d, libbpf %s\n", VERSION, SCHEDHINT_ABI,
         libbpf_version_string() + (*libbpf_version_string() == 'v'));
}

static const struct option known[] = {
    {"hints", required_argument, NULL, 'H'},
    {"slice", required_argument, NULL, 's'},
    {"pin", required_argument, NULL, 'p'},
    {"mode", required_argument, NULL, 'm'},
    {"group", required_argument, NULL, 'g'},
    {"trust-pin", no_argument, NULL, 'T'},
    {"keep-pin", no_argument, NULL, 'k'},
    {"ignore-cpu-max", no_argument, NULL, 'i'},
    {"stats", required_argument, NULL, 'S'},
    {"monitor", required_argument, NULL, 'M'},
    {"json", no_argument, NULL, 'j'},
    {"object", required_argument, NULL, 'o'},
    {"version", no_argument, NULL, 'V'},
    {"help", no_argument, NULL, 'h'},
    {NULL, 0, NULL, 0},
};

/* Those that end the program, and those that are not understood. */
__attribute__((noreturn)) static void end_with(int option) {
  if (option == 'V') print_version();
  if (option == 'h') fputs(usage, stdout);
  if (option == 'V' || option == 'h') exit(EXIT_ASKED);
  fputs(usage, stderr); /* getopt has said what is wrong */
  exit(EXIT_USAGE);
}

static void read_option(struct options* options, int option) {
  switch (option) {
    case 'H':
      options->hints = read_hints(optarg);
      return;
    case 's':
      options->slice_ns = read_number("slice", optarg, 10, 100, 100000) * 1000ULL;
      return;
    case 'p':
      options->pin = optarg;
      return;
    case 'm':
      options->access.mode = read_number("mode", optarg, 8, 0, 0777);
      return;
    case 'g':
      options->access.group = read_number("group", optarg, 10, 0, INT_MAX);
      return;
    case 'T':
      options->trust_pin = true;
      return;
    case 'k':
      options->keep_pin = true;
      return;
    case 'i':
      options->ignore_cpu_max = true;
      return;
    case 'S':
      options->stats_ms = read_seconds("stats", optarg);
      return;
    case 'M':
      options->stats_ms = read_seconds("monitor", optarg);
      options->monitor = true;
      return;
    case 'j':
      options->json = true;
      return;
    case 'o':
      options->object = optarg;
      return;
    default:
      end_with(option);
  }
}

void read_options(struct options* options, int argc, char** argv) {
  int option;

  *options = (struct options){
      .pin = SCHEDHINT_DEFAULT_PIN,
      .object = default_object(),
      .access = {.group = PIN_NO_GROUP},
      .slice_ns = 20000000, /* sched_ext's own default */
      .hints = HINTS_ALL,
  };
  while ((option = getopt_long(argc, argv, "Vh", known, NULL)) != -1) read_option(options, option);
  if (optind < argc) misunderstood("unexpected argument \"%s\"", argv[optind]);
}
