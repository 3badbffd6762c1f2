/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the hints of a task make of its latency criticality.
 */
#include "read_hints.bpf.h"

/*
 * Urgency is a part of the highest latency criticality in the system. It never exceeds that, or
 * sys_stat.max_lat_cri would climb from one interval to the next; and never falls below a quarter of
 * it, or the deadline would be so far away that a task starves.
 */
static __noinline u64 hints_lat_cri(struct task_struct *p, task_ctx *taskc)
{
	u64 lat_cri = taskc->unhinted_lat_cri, wish;
	struct hints_task *hints = read_hints(p);

	taskc->hint_slice_us = hints ? min(hints->slice_us, 0xffff) : 0;
	if (!hints)
		return lat_cri;
	wish = (max(hints->urgency, LAVD_SCALE / 4) * sys_stat.max_lat_cri) >> LAVD_SHIFT;
	if (hints->urgency > SCHEDHINT_URGENCY_NORMAL)
		return max(lat_cri, wish);
	if (hints->urgency < SCHEDHINT_URGENCY_NORMAL)
		return min(lat_cri, max(wish, 1));
	return lat_cri;
}

/* A pause that begins or ends while its thread runs: how well it is protected from preemption. */
__hidden void hints_tick(struct task_struct *p, task_ctx *taskc, struct cpu_ctx *cpuc)
{
	u64 lat_cri = hints_lat_cri(p, taskc);

	if (cpuc->lat_cri != lat_cri)
		__sync_fetch_and_add(&nr_hinted, 1);
	cpuc->lat_cri = lat_cri;
}
