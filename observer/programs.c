// SPDX-License-Identifier: MIT OR BSD-2-Clause OR GPL-2.0
/* The BPF half of the observer: loaded, attached and, before its last report, detached. */
#define _GNU_SOURCE
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/membarrier.h>
#include <linux/perf_event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "observer.h"
#include "reader_id.h"
#include "record.h"

struct programs {
  struct bpf_object* object;
  struct bpf_link** links;
  size_t link_count;
};

/* Room for a quarter of a second of a busy process, many times over: a power of two. */
#define EVENTS_SIZE (8 << 20)

static int last_error;

/* libbpf explains at length, and only a failed load makes that worth reading. */
static FILE* libbpf_log;
static char* libbpf_text;
static size_t libbpf_size;

static int keep_log(enum libbpf_print_level level, const char* format, va_list arguments) {
  if (level == LIBBPF_DEBUG || !libbpf_log) return 0;
  return vfprintf(libbpf_log, format, arguments);
}

static void start_log(void) {
  libbpf_log = open_memstream(&libbpf_text, &libbpf_size);
  libbpf_set_print(keep_log);
}

/* What libbpf had to say is shown, before our own message, when something failed. */
static void end_log(bool show) {
  if (!libbpf_log) return;
  fclose(libbpf_log);
  libbpf_log = NULL;
  if (show) fputs(libbpf_text, stderr);
  free(libbpf_text);
  libbpf_text = NULL;
}

static bool load(struct programs* programs, const struct options* options, int reuse_map_fd) {
  struct bpf_object* object = bpf_object__open_file(options->object, NULL);
  struct bpf_map *hints, *records, *events, *given;
  struct settings settings = {.period_ns = options->period_us * 1000ULL,
                              .traced = options->events ? options->pid : 0,
                              .silent = options->silent,
                              .reader_id = draw_reader_id()};
  int error;

  if (!object) {
    error = errno;
    end_log(true);
    complain("cannot open %s: %s; build it with `make`, or name it with --object", options->object,
             strerror(error));
    return false;
  }
  programs->object = object;
  hints = bpf_object__find_map_by_name(object, "schedhint");
  records = bpf_object__find_map_by_name(object, "records");
  events = bpf_object__find_map_by_name(object, "events");
  given = bpf_object__find_map_by_name(object, ".rodata.settings");
  if (!hints || !records || !events || !given) {
    complain("%s is not this observer's object: a map is missing", options->object);
    return false;
  }
  error = bpf_map__set_max_entries(records, options->threads);
  if (!error)
    error = bpf_map__set_max_entries(events, options->events ? EVENTS_SIZE : getpagesize());
  if (!error) error = bpf_map__set_initial_value(given, &settings, sizeof(settings));
  if (!error && reuse_map_fd >= 0) error = bpf_map__reuse_fd(hints, reuse_map_fd);
  if (error) {
    end_log(true);
    complain("cannot set up the maps: %s", strerror(-error));
    return false;
  }
  error = bpf_object__load(object);
  if (!error) return true;
  last_error = -error;
  end_log(true);
  if (error == -EPERM || error == -EACCES)
    complain(
        "the kernel refused the BPF programs: %s. This needs root, or CAP_BPF and "
        "CAP_PERFMON, and Linux 6.13 or newer",
        strerror(-error));
  else
    complain(
        "cannot load the BPF programs: %s. This needs Linux 6.13 or newer, with BTF "
        "(/sys/kernel/btf/vmlinux)",
        strerror(-error));
  return false;
}

struct programs* programs_load(const struct options* options, int reuse_map_fd) {
  struct programs* programs = calloc(1, sizeof(*programs));
  bool loaded;

  if (!programs) {
    complain("out of memory");
    return NULL;
  }
  start_log();
  loaded = load(programs, options, reuse_map_fd);
  end_log(false);
  if (loaded) return programs;
  programs_free(programs);
  return NULL;
}

static bool keep_link(struct programs* programs, struct bpf_link* link, const char* what) {
  struct bpf_link** links;

  if (!link) {
    int error = errno;

    last_error = error;
    end_log(true);
    complain("cannot attach %s: %s", what, strerror(error));
    return false;
  }
  links = realloc(programs->links, (programs->link_count + 1) * sizeof(*links));
  if (!links) {
    bpf_link__destroy(link);
    complain("out of memory");
    return false;
  }
  programs->links = links;
  links[programs->link_count++] = link;
  return true;
}

/* A clock on each CPU that is online now, which runs the program in whatever task it interrupts. */
static bool attach_ticks(struct programs* programs, struct bpf_program* program,
                         unsigned period_us) {
  struct perf_event_attr attr = {
      .size = sizeof(attr),
      .type = PERF_TYPE_SOFTWARE,
      .config = PERF_COUNT_SW_CPU_CLOCK,
      .sample_period = period_us * 1000ULL,
      .exclude_idle = 1,
  };
  int cpus = libbpf_num_possible_cpus();

  if (cpus < 0) {
    complain("cannot count the CPUs: %s", strerror(-cpus));
    return false;
  }
  for (int cpu = 0; cpu < cpus; cpu++) {
    int fd = syscall(SYS_perf_event_open, &attr, -1, cpu, -1, PERF_FLAG_FD_CLOEXEC);
    struct bpf_link* link;

    if (fd < 0 && errno == ENODEV) continue; /* offline */
    if (fd < 0) {
      last_error = errno;
      complain("cannot open a clock on CPU %d (perf_event_open): %s%s", cpu, strerror(errno),
               errno == EACCES || errno == EPERM ? "; this needs root, or CAP_PERFMON" : "");
      return false;
    }
    link = bpf_program__attach_perf_event(program, fd); /* which then owns the descriptor */
    if (!link) close(fd);
    if (!keep_link(programs, link, "the clock's program")) return false;
  }
  return true;
}

bool programs_attach(struct programs* programs, const struct options* options) {
  struct bpf_program* program;
  bool attached = true;

  start_log();
  bpf_object__for_each_program(program, programs->object) {
    if (bpf_program__type(program) == BPF_PROG_TYPE_PERF_EVENT)
      attached = attach_ticks(programs, program, options->period_us);
    else
      attached =
          keep_link(programs, bpf_program__attach(program), bpf_program__section_name(program));
    if (!attached) break;
  }
  end_log(false);
  return attached;
}

void programs_detach(struct programs* programs) {
  for (size_t i = 0; i < programs->link_count; i++) bpf_link__destroy(programs->links[i]);
  free(programs->links);
  programs->links = NULL;
  programs->link_count = 0;
  /* One that was already running on another CPU may still be at it; this waits until none is. */
  if (syscall(SYS_membarrier, MEMBARRIER_CMD_GLOBAL, 0, 0)) usleep(100 * 1000);
}

void programs_free(struct programs* programs) {
  programs_detach(programs);
  bpf_object__close(programs->object);
  free(programs);
}

int programs_error(void) {
  return last_error;
}

int programs_map_fd(const struct programs* programs, const char* name) {
  return bpf_object__find_map_fd_by_name(programs->object, name);
}

__u64 programs_refused(const struct programs* programs) {
  __u32 only = 0;
  __u64 count = 0;

  bpf_map_lookup_elem(programs_map_fd(programs, "refused"), &only, &count);
  return count;
}
