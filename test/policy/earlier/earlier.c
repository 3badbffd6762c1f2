// SPDX-License-Identifier: GPL-2.0
/* Runs the earlier scheduler, its BPF source as it is, in the simulated machine. */
#include <string.h>

#include "../machine/machine.h"
#include "scheduler/scx_schedhint.bpf.c"

static struct {
  struct task_struct p;
  struct cpumask cpus;
  struct css_set css;
  struct cgroup cgroup;
  struct kernfs_node kn;
  struct task task;
  struct account account;
  struct schedhint_thread block __attribute__((aligned(64)));
  struct schedhint_value value;
  bool has_account, has_value;
} of[SIM_TASKS];
static struct cgroup_debt debt_of[SIM_CGROUPS];
static struct cpu_state state_of[MAX_CPUS];
static __u64 counts[STAT_COUNT];
static struct task_struct* current;

static struct sim_task* sim_of(const struct task_struct* p) {
  return &sim.task[p->pid - 1];
}

/* The maps: each is looked up by its address. */
void* bpf_map_lookup_elem(void* map, const void* key) {
  __u64 id = map == &statistics || map == &cpu_states ? *(__u32*)key : *(__u64*)key;

  if (map == &statistics) return &counts[id];
  if (map == &cpu_states) return &state_of[id];
  if (map == &cgroup_debts) return &debt_of[id];
  return id && id <= SIM_TASKS && of[id - 1].has_account ? &of[id - 1].account : 0;
}

long bpf_map_update_elem(void* map, const void* key, const void* value, __u64 flags) {
  __u64 id = *(__u64*)key;

  (void)flags;
  if (map != &accounts || !id || id > SIM_TASKS) return -1;
  of[id - 1].account = *(const struct account*)value;
  of[id - 1].has_account = true;
  return 0;
}

long bpf_map_delete_elem(void* map, const void* key) {
  if (map == &accounts) of[*(__u64*)key - 1].has_account = false;
  return 0;
}

void* bpf_task_storage_get(void* map, struct task_struct* p, void* value, __u64 flags) {
  __typeof__(&of[0]) it = &of[p->pid - 1];

  (void)value, (void)flags;
  if (map == &tasks) return &it->task;
  return map == &schedhint && it->has_value ? &it->value : 0;
}

long bpf_task_storage_delete(void* map, struct task_struct* p) {
  (void)map, (void)p;
  return -1;
}

struct task_struct* bpf_get_current_task_btf(void) {
  return current;
}
__u64 bpf_ktime_get_ns(void) {
  return sim.now;
}

long bpf_probe_read_kernel(void* to, __u32 size, const void* from) {
  memcpy(to, from, size);
  return 0;
}

long bpf_probe_read_kernel_str(void* to, __u32 size, const void* from) {
  return bpf_probe_read_kernel(to, size, from);
}

/* The kernel's functions. */
__s32 scx_bpf_create_dsq(__u64 dsq_id, __s32 node) {
  return (void)dsq_id, (void)node, 0;
}
__s32 scx_bpf_pick_idle_cpu(const struct cpumask* allowed, __u64 flags) {
  __typeof__(&of[0]) it = (void*)((char*)allowed - __builtin_offsetof(__typeof__(of[0]), cpus));

  (void)flags;
  return sim_select_idle(&sim.task[it - of], sim.task[it - of].cpu);
}
__s32 scx_bpf_select_cpu_dfl(struct task_struct* p, __s32 prev, __u64 flags, bool* is_idle) {
  int cpu = sim_select_idle(sim_of(p), prev);

  (void)flags;
  *is_idle = cpu >= 0;
  return cpu >= 0 ? cpu : prev;
}
void scx_bpf_kick_cpu(__s32 cpu, __u64 flags) {
  sim_kick(cpu, flags & SCX_KICK_PREEMPT ? SIM_PREEMPT : 0);
}
__s32 scx_bpf_task_cpu(const struct task_struct* p) {
  return sim_of(p)->cpu;
}
__s32 scx_bpf_dsq_nr_queued(__u64 dsq_id) {
  return sim_queued(dsq_id);
}
void scx_bpf_dsq_insert(struct task_struct* p, __u64 dsq_id, __u64 slice, __u64 flags) {
  (void)dsq_id, (void)flags; /* the local one, always */
  sim_insert(sim_of(p), SIM_LOCAL(sim_of(p)->cpu), slice, 0);
}
void scx_bpf_dsq_insert_vtime(struct task_struct* p, __u64 dsq_id, __u64 slice, __u64 vtime,
                              __u64 flags) {
  (void)flags;
  p->scx.dsq_vtime = vtime;
  sim_insert_vtime(sim_of(p), dsq_id, slice, vtime);
}
static __s32 dispatching;
bool scx_bpf_dsq_move_to_local(__u64 dsq_id) {
  return sim_move_to_local(dsq_id, dispatching);
}
void scx_bpf_dsq_move_set_vtime(struct bpf_iter_scx_dsq* it, __u64 vtime) {
  it->opaque[1] = vtime;
}
bool scx_bpf_dsq_move_vtime(struct bpf_iter_scx_dsq* it, struct task_struct* p, __u64 dsq_id,
                            __u64 flags) {
  (void)flags;
  p->scx.dsq_vtime = it->opaque[1];
  sim_move_vtime(sim_of(p), dsq_id, it->opaque[1]);
  return true;
}
int bpf_iter_scx_dsq_new(struct bpf_iter_scx_dsq* it, __u64 dsq_id, __u64 flags) {
  (void)flags;
  it->opaque[0] = (__u64)sim_first(dsq_id);
  return 0;
}
struct task_struct* bpf_iter_scx_dsq_next(struct bpf_iter_scx_dsq* it) {
  struct sim_task* task = (void*)it->opaque[0];

  if (!task) return 0;
  it->opaque[0] = (__u64)task->next;
  return &of[task->id].p;
}
void bpf_iter_scx_dsq_destroy(struct bpf_iter_scx_dsq* it) {
  (void)it;
}
static int next_number, last_number;
int bpf_iter_num_new(struct bpf_iter_num* it, int start, int end) {
  (void)it;
  next_number = start - 1;
  last_number = end - 1;
  return 0;
}
int* bpf_iter_num_next(struct bpf_iter_num* it) {
  (void)it;
  return next_number < last_number ? (next_number++, &next_number) : 0;
}
void bpf_iter_num_destroy(struct bpf_iter_num* it) {
  (void)it;
}
bool bpf_cpumask_test_cpu(__u32 cpu, const struct cpumask* cpus) {
  return cpus->bits[0] >> cpu & 1;
}
bool scx_bpf_task_set_slice(struct task_struct* p, __u64 slice) {
  sim_of(p)->slice_ns = slice;
  return true;
}

/* The operations. Before each the task's block says what its program hints now. */
static struct task_struct* at(struct sim_task* task) {
  __typeof__(&of[0]) it = &of[task->id];
  struct sim_hints hints;

  it->p.scx.flags = task->runnable ? SCX_TASK_QUEUED : 0;
  it->has_value = sim.with_hints && task->program->hint;
  if (!it->has_value) return &it->p;
  sim_task_hints(task, &hints);
  it->block.abi = SCHEDHINT_ABI;
  it->block.gc = hints.pause ? SCHEDHINT_GC_PAUSED : 0;
  it->block.gc_since_ns = sim.now;
  it->block.urgency = hints.urgency;
  it->block.hints = hints.batch ? SCHEDHINT_BATCH : 0;
  it->block.deadline_ns = hints.deadline_ns;
  it->value.thread = &it->block;
  return &it->p;
}

static void init(void) {
  struct settings* set = (struct settings*)&settings; /* volatile, so not in read-only memory */

  memset(of, 0, sizeof(of));
  memset(debt_of, 0, sizeof(debt_of));
  memset(state_of, 0, sizeof(state_of));
  clock_now = system_debt_ns = orphaned_total_ns = pause_seen_ns = behind_ran_ns = 0;
  *set = (struct settings){.slice_ns = 20 * MS,
                           .min_slice_ns = MS,
                           .process_loan_ns = 300 * MS,
                           .cgroup_loan_ns = 300 * MS,
                           .system_loan_ns = 600 * MS,
                           .hints = HINTS_ALL};
  ((struct topology*)&topology)->cpus = sim.cpus;
}

static int select_cpu(struct sim_task* t, int prev) {
  return schedhint_select_cpu(at(t), prev, 0);
}
static void enqueue(struct sim_task* task, unsigned flags) {
  schedhint_enqueue(at(task), flags & SIM_WAKEUP ? SCX_ENQ_WAKEUP : 0);
}
static void dispatch(int cpu, struct sim_task* previous) {
  dispatching = cpu;
  schedhint_dispatch(cpu, previous ? at(previous) : 0);
}
static void tick(struct sim_task* task) {
  schedhint_tick(at(task));
}
static void runnable(struct sim_task* task) {
  schedhint_runnable(at(task), 0);
}
static void running(struct sim_task* task) {
  schedhint_running(at(task));
}
static void stopping(struct sim_task* task, bool still) {
  schedhint_stopping(at(task), still);
}
static void quiescent(struct sim_task* task) {
  schedhint_quiescent(at(task), 0);
}

static void init_task(struct sim_task* task, struct sim_task* parent) {
  __typeof__(&of[0]) it = &of[task->id];
  struct scx_init_task_args args = {.fork = parent};

  memset(it, 0, sizeof(*it));
  it->kn.id = task->cgroup;
  it->cgroup.kn = &it->kn;
  it->css.dfl_cgrp = &it->cgroup;
  it->cpus.bits[0] = task->pin < 0 ? ~0UL : 1UL << task->pin;
  it->p = (struct task_struct){.flags = task->kthread ? PF_KTHREAD : 0,
                               .pid = task->id + 1,
                               .tgid = task->id + 1,
                               .nr_cpus_allowed = task->pin < 0 ? sim.cpus : 1,
                               .cpus_ptr = &it->cpus,
                               .cgroups = &it->css,
                               .scx.weight = task->weight};
  current = parent ? &of[parent->id].p : &it->p;
  schedhint_init_task(&it->p, &args);
}

static void exit_task(struct sim_task* task) {
  schedhint_exit_task(at(task), 0);
}

const struct sim_policy earlier_policy = {
    .name = "earlier",
    .init = init,
    .select_cpu = select_cpu,
    .enqueue = enqueue,
    .dispatch = dispatch,
    .tick = tick,
    .runnable = runnable,
    .running = running,
    .stopping = stopping,
    .quiescent = quiescent,
    .init_task = init_task,
    .exit_task = exit_task,
};
