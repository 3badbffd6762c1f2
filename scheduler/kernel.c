// SPDX-License-Identifier: MIT OR BSD-2-Clause OR GPL-2.0
/* What this kernel has of sched_ext, by its BTF: operations, and the values of enumerators. */
#include <bpf/btf.h>
#include <errno.h>
#include <string.h>

#include "scheduler.h"

static struct btf* kernel_btf;
static const struct btf_type* operations; /* struct sched_ext_ops */

bool kernel_read(void) {
  __s32 id;

  kernel_btf = btf__load_vmlinux_btf();
  if (!kernel_btf) {
    complain(
        "cannot read the kernel's types (/sys/kernel/btf/vmlinux): %s. This needs a kernel with "
        "BTF (CONFIG_DEBUG_INFO_BTF)",
        strerror(errno));
    return false;
  }
  id = btf__find_by_name_kind(kernel_btf, "sched_ext_ops", BTF_KIND_STRUCT);
  if (id >= 0) {
    operations = btf__type_by_id(kernel_btf, id);
    return true;
  }
  complain(
      "this kernel has no sched_ext. It needs Linux 6.13 or newer with CONFIG_SCHED_CLASS_EXT: "
      "then "
      "/sys/kernel/sched_ext is there");
  return false;
}

bool kernel_has_operation(const char* member) {
  const struct btf_member* members = btf_members(operations);

  for (int i = 0; i < btf_vlen(operations); i++)
    if (!strcmp(btf__name_by_offset(kernel_btf, members[i].name_off), member)) return true;
  return false;
}

bool kernel_has_function(const char* name) {
  return btf__find_by_name_kind(kernel_btf, name, BTF_KIND_FUNC) > 0;
}

static bool is_named(__u32 name_off, const char* name) {
  return !strcmp(btf__name_by_offset(kernel_btf, name_off), name);
}

/* True if the type has it. `whole`: whether BTF has all of its bits; an ENUM has 32 for each. */
static bool find_in(const struct btf_type* type, const char* name, __u64* value, bool* whole) {
  if (btf_is_enum(type)) {
    const struct btf_enum* each = btf_enum(type);

    for (int i = 0; i < btf_vlen(type); i++) {
      if (!is_named(each[i].name_off, name)) continue;
      *value = btf_kflag(type) ? (__u64)(__s64)each[i].val : (__u32)each[i].val;
      *whole = type->size <= 4;
      return true;
    }
  } else if (btf_is_enum64(type)) {
    struct btf_enum64* each = btf_enum64(type);

    for (int i = 0; i < btf_vlen(type); i++) {
      if (!is_named(each[i].name_off, name)) continue;
      *value = btf_enum64_value(&each[i]);
      *whole = true;
      return true;
    }
  }
  return false;
}

/* Is this one of sched_ext's enums? Their names begin so; there are about twenty. */
static bool is_of_sched_ext(const struct btf_type* type) {
  return btf_is_any_enum(type) &&
         !strncmp(btf__name_by_offset(kernel_btf, type->name_off), "scx_", 4);
}

bool kernel_enumerator(const char* name, __u64* value) {
  static __u32 found[64];
  static int count = -1;
  bool whole;

  if (count < 0) {
    count = 0;
    for (__u32 id = 1; id < btf__type_cnt(kernel_btf) && count < 64; id++)
      if (is_of_sched_ext(btf__type_by_id(kernel_btf, id))) found[count++] = id;
  }
  *value = 0;
  for (int i = 0; i < count; i++)
    if (find_in(btf__type_by_id(kernel_btf, found[i]), name, value, &whole)) return whole;
  return true;
}
