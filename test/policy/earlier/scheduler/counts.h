/* SPDX-License-Identifier: MIT OR BSD-2-Clause OR GPL-2.0 */
/* What the loader has set, and what is counted for it. */
#ifndef COUNTS_H
#define COUNTS_H

#include "settings.h"

/* A separate section, so that the loader can set it without a skeleton. */
const volatile struct settings settings SEC(".rodata.settings") = {
    .min_slice_ns = 1000000,
    .process_loan_ns = 300000000, /* docs/experiment.md derives the three */
    .cgroup_loan_ns = 300000000,
    .system_loan_ns = 600000000,
};
const volatile struct topology topology SEC(".rodata.topology");

struct {
  __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
  __uint(max_entries, STAT_COUNT);
  __type(key, __u32);
  __type(value, __u64);
} statistics SEC(".maps");

static __always_inline void count(__u32 statistic, __u64 by) {
  __u64* value = bpf_map_lookup_elem(&statistics, &statistic);

  if (value) *value += by;
}

#endif /* COUNTS_H */
