// SPDX-License-Identifier: MIT OR BSD-2-Clause OR GPL-2.0
/*
 * Makes a BPF object fit this kernel, this machine and the options, before it is loaded. What the
 * object does not have is left alone: any scheduler with a map `schedhint` will do.
 */
#include "fit.h"

#include <bpf/btf.h>
#include <errno.h>
#include <linux/bpf.h>
#include <schedhint/schedhint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "../observer/reader_id.h"
#include "version.h"

#define HOTPLUG_SEQ "/sys/kernel/sched_ext/hotplug_seq"

static void* find_section(const struct bpf_object* object, const char* name, size_t* size) {
  struct bpf_map* map = bpf_object__find_map_by_name(object, name);

  *size = 0;
  return map ? bpf_map__initial_value(map, size) : NULL;
}

/* NULL, and a message, if the object's has another size: it was built from another settings.h. */
static bool find_struct(const struct bpf_object* object, const char* name, size_t wanted,
                        void** data) {
  size_t size;

  *data = find_section(object, name, &size);
  if (!*data || size == wanted) return true;
  complain(
      "the BPF object's section %s has %zu bytes, not %zu: it belongs to another scx_schedhint",
      name, size, wanted);
  return false;
}

/* The hints that the scheduler acts on, as it says in blocks. */
static __u32 reader_flags(__u32 hints) {
  static const struct {
    enum hint hint;
    enum schedhint_reader_flag flag;
  } all[] = {{HINT_GC, SCHEDHINT_R_GC},
             {HINT_HELPERS, SCHEDHINT_R_HELPERS},
             {HINT_DEADLINE, SCHEDHINT_R_DEADLINE},
             {HINT_URGENCY, SCHEDHINT_R_URGENCY},
             {HINT_SLICE, SCHEDHINT_R_SLICE},
             {HINT_BATCH, SCHEDHINT_R_BATCH}};
  __u32 flags = 0;

  for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++)
    if (hints & all[i].hint) flags |= all[i].flag;
  return flags;
}

static bool set_settings(const struct bpf_object* object, const struct options* options) {
  struct timespec tick = {0};
  void* data;
  struct settings* settings;

  if (!find_struct(object, ".rodata.settings", sizeof(*settings), &data)) return false;
  if (!data) return true;
  settings = data;
  clock_getres(CLOCK_MONOTONIC_COARSE, &tick); /* this clock goes on at each tick */
  settings->slice_ns = options->slice_ns;
  settings->tick_ns = tick.tv_sec * 1000000000ULL + tick.tv_nsec;
  settings->hints = options->hints;
  settings->reader_id = draw_reader_id();
  settings->reader_flags = reader_flags(options->hints);
  return true;
}

/* scx's headers keep the value of SCX_NAME in a variable __SCX_NAME, because kernels differ. */
static bool set_enumerators(const struct bpf_object* object) {
  const struct btf* btf = bpf_object__btf(object);
  __s32 id = btf ? btf__find_by_name_kind(btf, ".rodata", BTF_KIND_DATASEC) : -1;
  const struct btf_var_secinfo* variables;
  const struct btf_type* section;
  size_t size;
  char* data = find_section(object, ".rodata", &size);

  if (id < 0 || !data) return true;
  section = btf__type_by_id(btf, id);
  variables = btf_var_secinfos(section);
  for (int i = 0; i < btf_vlen(section); i++) {
    const struct btf_type* variable = btf__type_by_id(btf, variables[i].type);
    const char* name = btf__name_by_offset(btf, variable->name_off);
    __u64 value;

    if (strncmp(name, "__SCX_", 6) || variables[i].size != sizeof(value) ||
        variables[i].offset + sizeof(value) > size)
      continue;
    if (!kernel_enumerator(name + 2, &value)) {
      complain(
          "this kernel's BTF has only half of the bits of %s: it was made by pahole before 1.24. "
          "The scheduler cannot know its value",
          name + 2);
      return false;
    }
    memcpy(data + variables[i].offset, &value, sizeof(value));
  }
  return true;
}

static const struct btf_type* ops_type(const struct bpf_object* object, const struct bpf_map* ops) {
  return btf__type_by_id(bpf_object__btf(object), bpf_map__btf_value_type_id(ops));
}

void* ops_member(const struct bpf_object* object, const struct bpf_map* ops, const char* name,
                 size_t* size) {
  const struct btf* btf = bpf_object__btf(object);
  const struct btf_type* type = ops_type(object, ops);
  const struct btf_member* members = btf_members(type);
  char* data = bpf_map__initial_value(ops, size);

  for (int i = 0; data && i < btf_vlen(type); i++) {
    __s64 length;

    if (strcmp(btf__name_by_offset(btf, members[i].name_off), name)) continue;
    length = btf__resolve_size(btf, members[i].type);
    if (length < 0) return NULL;
    *size = length;
    return data + btf_member_bit_offset(type, i) / 8;
  }
  return NULL;
}

static bool is_set(const char* data, size_t size) {
  for (size_t i = 0; i < size; i++)
    if (data[i]) return true;
  return false;
}

/* The kernel refuses a struct with members that it does not know, unless they are 0. libbpf does
 * not load a program that is left out so. */
static bool leave_out(const struct bpf_object* object, const struct bpf_map* ops,
                      struct missing* missing) {
  const struct btf* btf = bpf_object__btf(object);
  const struct btf_type* type = ops_type(object, ops);
  const struct btf_member* members = btf_members(type);

  for (int i = 0; i < btf_vlen(type); i++) {
    const char* name = btf__name_by_offset(btf, members[i].name_off);
    size_t size;
    char* data = ops_member(object, ops, name, &size);

    if (!data || !is_set(data, size) || kernel_has_operation(name)) continue;
    if (missing->count == MAX_MISSING) {
      complain("this kernel lacks more than %d of the scheduler's operations, %s among them",
               MAX_MISSING, name);
      return false;
    }
    missing->names[missing->count++] = name;
    memset(data, 0, size);
  }
  return true;
}

/* "schedhint" becomes "schedhint_0.1.0", as scx's schedulers have it. Another one's name is its
 * own. */
static void add_version(const struct bpf_object* object, const struct bpf_map* ops) {
  size_t size;
  char* name = ops_member(object, ops, "name", &size);

  if (name && !strcmp(name, "schedhint")) snprintf(name, size, "schedhint_%s", VERSION);
}

/* The kernel compares it with its own when it switches to the scheduler: a CPU that went on- or
 * offline since `topology` was read makes it ask for a restart. */
static void set_hotplug_seq(const struct bpf_object* object, const struct bpf_map* ops) {
  FILE* file = fopen(HOTPLUG_SEQ, "re");
  unsigned long long seq;
  size_t size;
  __u64* member = ops_member(object, ops, "hotplug_seq", &size);

  if (file && fscanf(file, "%llu", &seq) == 1 && member && size == sizeof(*member)) *member = seq;
  if (file) fclose(file);
}

/* scx's header brings this program along, which looks for something that the scheduler does not
 * ask about. */
static void leave_out_probe(const struct bpf_object* object) {
  struct bpf_program* probe = bpf_object__find_program_by_name(object, "scx_lib_init_probe");

  if (probe) bpf_program__set_autoload(probe, false);
}

/* Since Linux 6.19 tasks can be queued again from anywhere: a program that sees each switch does
 * it. Before, only from cpu_release(), of which newer kernels warn. libbpf does not load a program
 * that no operation points to. */
static void choose_release(const struct bpf_object* object, const struct bpf_map* ops) {
  struct bpf_program* sees = bpf_object__find_program_by_name(object, "schedhint_switch");
  size_t size;
  char* release = ops_member(object, ops, "cpu_release", &size);

  if (!sees || !release) return;
  if (kernel_has_function("scx_bpf_reenqueue_local___v2"))
    memset(release, 0, size);
  else
    bpf_program__set_autoload(sees, false);
}

static bool set_topology(const struct bpf_object* object, struct topology* topology) {
  void* data;

  if (!topology_read(topology, TOPOLOGY_ROOT)) return false;
  if (!find_struct(object, ".rodata.topology", sizeof(*topology), &data)) return false;
  if (data) memcpy(data, topology, sizeof(*topology));
  return true;
}

bool fit_object(struct bpf_object* object, struct bpf_map* ops, const struct options* options,
                struct topology* topology, struct missing* missing) {
  set_hotplug_seq(object, ops);
  leave_out_probe(object);
  choose_release(object, ops);
  if (!leave_out(object, ops, missing) || !set_enumerators(object)) return false;
  add_version(object, ops);
  return set_settings(object, options) && set_topology(object, topology);
}
