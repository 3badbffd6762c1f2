// SPDX-License-Identifier: MIT OR BSD-2-Clause OR GPL-2.0
/*
 * The BPF half of the scheduler: loaded, attached, detached.
 *
 * The scheduler is a link, so the kernel detaches it when this process ends, however it ends.
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/bpf.h>
#include <stdlib.h>
#include <string.h>

#include "fit.h"
#include "libbpf_log.h"
#include "scheduler.h"

#define MAX_TRACERS 8
#define OPS_NOW "/sys/kernel/sched_ext/root/ops"

struct programs {
  struct bpf_object* object;
  struct bpf_map* ops;
  struct bpf_link* tracers[MAX_TRACERS]; /* programs on tracepoints and functions */
  int tracer_count;
  struct bpf_link* scheduler;
  struct missing missing;
  const struct ending* ending; /* memory that the BPF half writes */
};

static bool open_object(struct programs* programs, const struct options* options) {
  struct bpf_map* map;
  int error;

  programs->object = bpf_object__open_file(options->object, NULL);
  if (!programs->object) {
    error = errno;
    libbpf_log_end(true);
    complain("cannot open %s: %s; build it with `make`, or name it with --object", options->object,
             strerror(error));
    return false;
  }
  bpf_object__for_each_map(map, programs->object) {
    if (bpf_map__type(map) == BPF_MAP_TYPE_STRUCT_OPS) programs->ops = map;
  }
  if (programs->ops) return true;
  complain("%s has no scheduler", options->object);
  return false;
}

static bool set_up(struct programs* programs, const struct options* options, int map_fd) {
  struct bpf_map* hints = bpf_object__find_map_by_name(programs->object, "schedhint");
  /* An object may come without `.link` in its section's name. */
  int error = bpf_map__set_map_flags(programs->ops, bpf_map__map_flags(programs->ops) | BPF_F_LINK);

  if (!hints) {
    complain("%s has no map `schedhint`", options->object);
    return false;
  }
  if (!error && map_fd >= 0) error = bpf_map__reuse_fd(hints, map_fd);
  if (!error) return true;
  complain("cannot set up the maps: %s", strerror(-error));
  return false;
}

static bool load(struct programs* programs) {
  int error = bpf_object__load(programs->object);
  struct bpf_map* map = bpf_object__find_map_by_name(programs->object, ".data.ending");
  bool differs = libbpf_log_has("incompatible with vmlinux");
  size_t size = 0;

  if (!error) {
    const void* data = map ? bpf_map__initial_value(map, &size) : NULL;

    if (size >= sizeof(struct ending)) programs->ending = data;
    return true;
  }
  libbpf_log_end(true);
  if (error == -EPERM || error == -EACCES)
    complain("the kernel refused the BPF programs: %s. This needs root", strerror(-error));
  else if (differs)
    complain(
        "cannot load the BPF programs: this kernel's BTF gives a function other arguments than "
        "this scheduler knows. If pahole before 1.26 made the BTF, as for Debian's Linux 7.1 and "
        "7.2, no sched_ext scheduler loads: boot another kernel");
  else
    complain(
        "cannot load the BPF programs: %s. If the lines above do not say why, the kernel's log may "
        "(dmesg)",
        strerror(-error));
  return false;
}

struct programs* programs_load(const struct options* options, struct topology* topology,
                               int map_fd) {
  struct programs* programs = calloc(1, sizeof(*programs));
  bool loaded;

  if (!programs) {
    complain("out of memory");
    return NULL;
  }
  libbpf_log_start();
  loaded = open_object(programs, options) && set_up(programs, options, map_fd) &&
           fit_object(programs->object, programs->ops, options, topology, &programs->missing) &&
           load(programs);
  libbpf_log_end(false);
  if (loaded) return programs;
  programs_free(programs);
  return NULL;
}

/* The scheduler's operations are attached with it; a test runs programs of type SYSCALL. */
static bool is_tracer(const struct bpf_program* program) {
  return bpf_program__autoload(program) && bpf_program__type(program) != BPF_PROG_TYPE_STRUCT_OPS &&
         bpf_program__type(program) != BPF_PROG_TYPE_SYSCALL;
}

static bool attach_tracers(struct programs* programs) {
  struct bpf_program* program;
  struct bpf_link* link;

  bpf_object__for_each_program(program, programs->object) {
    if (!is_tracer(program)) continue;
    errno = E2BIG;
    link = programs->tracer_count < MAX_TRACERS ? bpf_program__attach(program) : NULL;
    if (!link) {
      complain("cannot attach %s: %s", bpf_program__section_name(program), strerror(errno));
      return false;
    }
    programs->tracers[programs->tracer_count++] = link;
  }
  return true;
}

/* The name of the scheduler that is there, or what to do instead. */
static void complain_of_switch(int error) {
  char name[128] = "";
  FILE* ops = fopen(OPS_NOW, "re");

  if (ops && fscanf(ops, "%127s", name) != 1) name[0] = 0;
  if (ops) fclose(ops);
  if (error != EBUSY)
    complain("cannot switch to the scheduler: %s; see the kernel's log (dmesg)", strerror(error));
  else
    complain(
        "cannot switch to the scheduler: %s; another sched_ext scheduler is there%s%s. End it "
        "first: only one can run",
        strerror(error), name[0] ? ": " : "", name);
}

bool programs_attach(struct programs* programs) {
  int error = 0;

  libbpf_log_start();
  if (attach_tracers(programs)) {
    programs->scheduler = bpf_map__attach_struct_ops(programs->ops);
    error = programs->scheduler ? 0 : errno;
  }
  libbpf_log_end(!programs->scheduler && error != EBUSY);
  if (error) complain_of_switch(error);
  return programs->scheduler;
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

const char* programs_ops_name(const struct programs* programs) {
  size_t size;
  const char* name = ops_member(programs->object, programs->ops, "name", &size);

  return name ? name : "";
}

const struct missing* programs_missing(const struct programs* programs) {
  return &programs->missing;
}

bool programs_ended(const struct programs* programs, struct ending* ending) {
  *ending = (struct ending){0};
  /* The BPF half writes `kind` last. */
  if (!programs->ending || !__atomic_load_n(&programs->ending->kind, __ATOMIC_ACQUIRE))
    return false;
  memcpy(ending, programs->ending, sizeof(*ending));
  ending->reason[sizeof(ending->reason) - 1] = 0;
  ending->message[sizeof(ending->message) - 1] = 0;
  return true;
}

void programs_count(const struct programs* programs, __u64 sums[STAT_COUNT]) {
  static __u64* by_cpu;
  int map = programs_map_fd(programs, "statistics"), cpus = libbpf_num_possible_cpus();

  if (!by_cpu && cpus > 0) by_cpu = calloc(cpus, sizeof(*by_cpu));
  if (!by_cpu || map < 0) return;
  for (__u32 i = 0; i < STAT_COUNT; i++) {
    if (bpf_map_lookup_elem(map, &i, by_cpu)) continue;
    for (int cpu = 0; cpu < cpus; cpu++) sums[i] += by_cpu[cpu];
  }
}
