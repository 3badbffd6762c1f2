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

#include "../observer/reader_id.h"
#include "scheduler.h"

static const char usage[] =
    "Usage: scx_schedhint [options]\n"
    "A sched_ext scheduler that acts on the hints of Node.js processes, until SIGINT or SIGTERM.\n"
    "When it ends, however it ends, the kernel's own scheduler takes over again. Counts once a\n"
    "second what it does.\n"
    "\n"
    "  --hints LIST         which to act on: all, none, or some of gc,helpers,deadline,urgency,\n"
    "                       slice,batch,pool (all)\n"
    "  --slice US           a task's turn on a CPU (20000)\n"
    "  --min-slice US       the shortest, in long queues or if wished for (1000)\n"
    "  --process-loan MS    CPU time ahead of its fair share that a process may owe (300)\n"
    "  --cgroup-loan MS     and all processes of a cgroup (300)\n"
    "  --system-loan MS     and all together (600)\n"
    "  --pin PATH           where clients find the map (" SCHEDHINT_DEFAULT_PIN
    ")\n"
    "  --tld PATH           read hints from task local data too, by a map that is pinned here\n"
    "  --group GID          give the pins to this group, whose members may bind (mode 0660)\n"
    "  --mode OCTAL         permissions of the pins (0600); 0666 lets every user of the machine "
    "set\n"
    "                       the hints of any thread, others' too\n"
    "  --trust-pin          take over a pin that every user may write, or that another user owns\n"
    "  --keep-pin           leave the pins behind: clients stay bound until a reader comes again\n"
    "  --interval MS        between two reports; 0: only one at the end (1000)\n"
    "  --json               a report is a JSON line, counted since the start\n"
    "  --object PATH        the BPF object (scx_schedhint.bpf.o, next to this program); any\n"
    "                       scheduler with a map `schedhint` will do\n"
    "  -V, --version\n"
    "  -h, --help\n";

const char* const hint_names[] = {"gc",    "helpers", "deadline", "urgency",
                                  "slice", "batch",   "pool",     NULL};

static unsigned long read_number(const char* option, const char* text, int base, unsigned long low,
                                 unsigned long high) {
  char* end;
  unsigned long number;

  errno = 0;
  number = strtoul(text, &end, base);
  if (!errno && *text >= '0' && *text <= '9' && !*end && number >= low && number <= high)
    return number;
  if (base == 8)
    complain("--%s wants octal digits up to %lo, not \"%s\"", option, high, text);
  else
    complain("--%s wants a number from %lu to %lu, not \"%s\"", option, low, high, text);
  exit(2);
}

static __u32 read_hints(char* text) {
  __u32 hints = 0;

  if (!strcmp(text, "all")) return HINTS_ALL;
  if (!strcmp(text, "none")) return 0;
  for (char* name = strtok(text, ","); name; name = strtok(NULL, ",")) {
    int i = 0;

    while (hint_names[i] && strcmp(hint_names[i], name)) i++;
    if (!hint_names[i]) {
      complain("--hints knows no \"%s\"; see --help", name);
      exit(2);
    }
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

static __u64 read_ms(const char* option, const char* text) {
  return read_number(option, text, 10, 0, 3600000) * 1000000ULL;
}

static __u64 read_us(const char* option, const char* text) {
  return read_number(option, text, 10, 100, 100000) * 1000ULL;
}

void read_options(struct options* options, int argc, char** argv) {
  static const struct option known[] = {
      {"hints", required_argument, NULL, 'H'},
      {"slice", required_argument, NULL, 's'},
      {"min-slice", required_argument, NULL, 'M'},
      {"process-loan", required_argument, NULL, 'P'},
      {"cgroup-loan", required_argument, NULL, 'C'},
      {"system-loan", required_argument, NULL, 'S'},
      {"pin", required_argument, NULL, 'p'},
      {"tld", required_argument, NULL, 't'},
      {"mode", required_argument, NULL, 'm'},
      {"group", required_argument, NULL, 'g'},
      {"trust-pin", no_argument, NULL, 'T'},
      {"keep-pin", no_argument, NULL, 'k'},
      {"interval", required_argument, NULL, 'i'},
      {"json", no_argument, NULL, 'j'},
      {"object", required_argument, NULL, 'o'},
      {"version", no_argument, NULL, 'V'},
      {"help", no_argument, NULL, 'h'},
      {NULL, 0, NULL, 0},
  };
  struct settings* settings = &options->settings;
  int option;

  *options = (struct options){
      .pin = SCHEDHINT_DEFAULT_PIN,
      .object = default_object(),
      .access = {.group = PIN_NO_GROUP},
      .interval_ms = 1000,
      .settings =
          {
              .slice_ns = 20000000, /* sched_ext's own default */
              .min_slice_ns = 1000000,
              .process_loan_ns = 300000000, /* docs/experiment.md derives the three */
              .cgroup_loan_ns = 300000000,
              .system_loan_ns = 600000000,
              .hints = HINTS_ALL,
              .cpus = libbpf_num_possible_cpus(),
              .reader_id = draw_reader_id(),
          },
  };
  while ((option = getopt_long(argc, argv, "Vh", known, NULL)) != -1) {
    switch (option) {
      case 'H':
        settings->hints = read_hints(optarg);
        break;
      case 's':
        settings->slice_ns = read_us("slice", optarg);
        break;
      case 'M':
        settings->min_slice_ns = read_us("min-slice", optarg);
        break;
      case 'P':
        settings->process_loan_ns = read_ms("process-loan", optarg);
        break;
      case 'C':
        settings->cgroup_loan_ns = read_ms("cgroup-loan", optarg);
        break;
      case 'S':
        settings->system_loan_ns = read_ms("system-loan", optarg);
        break;
      case 'p':
        options->pin = optarg;
        break;
      case 't':
        options->tld = optarg;
        settings->tld = 1;
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
      case 'j':
        options->json = true;
        break;
      case 'o':
        options->object = optarg;
        break;
      case 'V':
        puts("scx_schedhint " VERSION);
        exit(0);
      case 'h':
        fputs(usage, stdout);
        exit(0);
      default:
        fputs(usage, stderr);
        exit(2);
    }
  }
  if (optind == argc) return;
  complain("unexpected argument \"%s\"", argv[optind]);
  exit(2);
}
