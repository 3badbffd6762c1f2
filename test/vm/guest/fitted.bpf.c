// SPDX-License-Identifier: GPL-2.0-only
/*
 * A first-in-first-out scheduler that has whatever the loader fits to the kernel and the machine:
 * settings, topology, the enumerators of scx's headers, and operations of the newest kernels.
 */
#include <scx/common.bpf.h>
/* After scx's header, which has the kernel's types. */
#include <schedhint/schedhint.bpf.h>

#include "settings.h"

char LICENSE[] SEC("license") = "GPL";

SCHEDHINT_MAP(schedhint);

const volatile struct settings settings SEC(".rodata.settings");
const volatile struct topology topology SEC(".rodata.topology");
struct ending ending SEC(".data.ending");

#define QUEUE 1

void BPF_STRUCT_OPS(fitted_enqueue, struct task_struct* p, u64 enq_flags) {
  scx_bpf_dsq_insert(p, QUEUE, settings.slice_ns, enq_flags);
}

void BPF_STRUCT_OPS(fitted_dispatch, s32 cpu, struct task_struct* prev) {
  scx_bpf_dsq_move_to_local(QUEUE, 0);
}

void BPF_STRUCT_OPS(fitted_set_bandwidth, struct cgroup* cgroup, u64 period_us, u64 quota_us,
                    u64 burst_us) {}

void BPF_STRUCT_OPS(fitted_set_idle, struct cgroup* cgroup, bool idle) {}

s32 BPF_STRUCT_OPS_SLEEPABLE(fitted_init) {
  return scx_bpf_create_dsq(QUEUE, topology.llcs ? -1 : 0);
}

void BPF_STRUCT_OPS(fitted_exit, struct scx_exit_info* info) {
  bpf_probe_read_kernel_str(ending.reason, sizeof(ending.reason), info->reason);
  bpf_probe_read_kernel_str(ending.message, sizeof(ending.message), info->msg);
  ending.code = info->exit_code;
  ending.kind = info->kind;
}

SCX_OPS_DEFINE(fitted_ops, .enqueue = (void*)fitted_enqueue, .dispatch = (void*)fitted_dispatch,
               .cgroup_set_bandwidth = (void*)fitted_set_bandwidth,
               .cgroup_set_idle = (void*)fitted_set_idle, .init = (void*)fitted_init,
               .exit = (void*)fitted_exit, .rescue_bandwidth_ppt = 20, .timeout_ms = 20000,
               .name = "fitted");
