// SPDX-License-Identifier: GPL-2.0-only
/* Runs policy.h in the kernel. */
#include "results.h"

#include <bpf/bpf_helpers.h>
#include <linux/bpf.h>
#include <stdbool.h>

char LICENSE[] SEC("license") = "GPL";

struct results shared SEC(".data.results"); /* a map's memory, as the core's */

SEC("syscall")
int run(void* unused) {
  (void)unused;
  compute_place(&shared);
  compute_turn(&shared);
  compute_book(&shared);
  return 0;
}
