// SPDX-License-Identifier: MIT OR BSD-2-Clause OR GPL-2.0
/*
 * The BPF half of the scheduler: loaded, attached, detached.
 *
 * The struct_ops map has a link. Without one the kernel would keep the scheduler after this process
 * was killed; with one it detaches it at once.
 */
#define _GNU_SOURCE
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/bpf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "scheduler.h"

#define MAX_TRACERS 4

struct programs {
  struct bpf_object* object;
  struct bpf_map* ops;
  struct bpf_link* tracers[MAX_TRACERS]; /* programs on tracepoints */
  int tracer_count;
  struct bpf_link* scheduler;
};

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

/* scx_bpf_create_dsq() may sleep, and so the scheduler's init, `..._init` by custom, must be
 * declared to, unless their section does so. */
static void let_init_sleep(struct bpf_object* object) {
  struct bpf_program* program;

  bpf_object__for_each_program(program, object) {
    const char* name = bpf_program__name(program);
    size_t length = strlen(name);

    if (length > 5 && !strcmp(name + length - 5, "_init"))
      bpf_program__set_flags(program, BPF_F_SLEEPABLE);
  }
}

static bool set_up(struct programs* programs, const struct options* options,
                   const struct pins* pins) {
  struct bpf_object* object = programs->object;
  struct bpf_map *map, *settings;
  int error;

  bpf_object__for_each_map(map, object) {
    if (bpf_map__type(map) == BPF_MAP_TYPE_STRUCT_OPS) programs->ops = map;
  }
  settings = bpf_object__find_map_by_name(object, ".rodata.settings");
  if (!programs->ops) {
    complain("%s has no scheduler", options->object);
    return false;
  }
  let_init_sleep(object);
  error = bpf_map__set_map_flags(programs->ops, BPF_F_LINK);
  if (!error && settings)
    error = bpf_map__set_initial_value(settings, &options->settings, sizeof(options->settings));
  for (int i = 0; !error && i < pins->count; i++) {
    map = bpf_object__find_map_by_name(object, pins->each[i].map);
    if (!map) {
      complain("%s has no map `%s`", options->object, pins->each[i].map);
      return false;
    }
    if (pins->each[i].pin.reused) error = bpf_map__reuse_fd(map, pins->each[i].pin.map_fd);
  }
  if (!error) return true;
  complain("cannot set up the maps: %s", strerror(-error));
  return false;
}

static bool load(struct programs* programs, const struct options* options,
                 const struct pins* pins) {
  int error;

  programs->object = bpf_object__open_file(options->object, NULL);
  if (!programs->object) {
    error = errno;
    end_log(true);
    complain("cannot open %s: %s; build it with `make`, or name it with --object", options->object,
             strerror(error));
    return false;
  }
  if (!set_up(programs, options, pins)) return false;
  error = bpf_object__load(programs->object);
  if (!error) return true;
  end_log(true);
  if (error == -EPERM || error == -EACCES)
    complain("the kernel refused the BPF programs: %s. This needs root", strerror(-error));
  else
    complain(
        "cannot load the BPF programs: %s. This needs Linux 6.13 or newer with sched_ext "
        "(CONFIG_SCHED_CLASS_EXT: /sys/kernel/sched_ext is there) and BTF",
        strerror(-error));
  return false;
}

struct programs* programs_load(const struct options* options, const struct pins* pins) {
  struct programs* programs = calloc(1, sizeof(*programs));
  bool loaded;

  if (!programs) {
    complain("out of memory");
    return NULL;
  }
  start_log();
  loaded = load(programs, options, pins);
  end_log(false);
  if (loaded) return programs;
  programs_free(programs);
  return NULL;
}

static bool attach_tracers(struct programs* programs) {
  struct bpf_program* program;
  struct bpf_link* link;

  bpf_object__for_each_program(program, programs->object) {
    if (bpf_program__type(program) == BPF_PROG_TYPE_STRUCT_OPS) continue;
    link = programs->tracer_count < MAX_TRACERS ? bpf_program__attach(program) : NULL;
    if (!link) {
      complain("cannot attach %s: %s", bpf_program__section_name(program), strerror(errno));
      return false;
    }
    programs->tracers[programs->tracer_count++] = link;
  }
  return true;
}

static bool attach_scheduler(struct programs* programs) {
  programs->scheduler = bpf_map__attach_struct_ops(programs->ops);
  if (programs->scheduler) return true;
  complain("cannot switch to the scheduler: %s%s", strerror(errno),
           errno == EBUSY ? "; another sched_ext scheduler is there: see "
                            "/sys/kernel/sched_ext/root/ops"
                          : "; see the kernel's log");
  return false;
}

bool programs_attach(struct programs* programs) {
  bool attached;

  start_log();
  attached = attach_tracers(programs) && attach_scheduler(programs);
  end_log(!attached);
  return attached;
}

void programs_detach(struct programs* programs) {
  bpf_link__destroy(programs->scheduler);
  programs->scheduler = NULL;
  while (programs->tracer_count) bpf_link__destroy(programs->tracers[--programs->tracer_count]);
}

void programs_free(struct programs* programs) {
  programs_detach(programs);
  bpf_object__close(programs->object);
  free(programs);
}

int programs_map_fd(const struct programs* programs, const char* name) {
  return bpf_object__find_map_fd_by_name(programs->object, name);
}

bool programs_ended(const struct programs* programs, struct ending* ending) {
  int map = programs_map_fd(programs, ".data.ending");
  __u32 only = 0;

  return map >= 0 && !bpf_map_lookup_elem(map, &only, ending) && ending->kind;
}
