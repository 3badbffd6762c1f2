/* SPDX-License-Identifier: MIT OR BSD-2-Clause OR GPL-2.0 */
/* Makes a BPF object fit this kernel, this machine and the options, before it is loaded. */
#ifndef FIT_H
#define FIT_H

#include <bpf/libbpf.h>

#include "scheduler.h"

/*
 * `ops`: the object's struct sched_ext_ops. `missing` gets the names of its members that this
 * kernel lacks and that are left out. `topology` is read again. False, with a message, if it cannot
 * fit.
 */
bool fit_object(struct bpf_object* object, struct bpf_map* ops, const struct options* options,
                struct topology* topology, struct missing* missing);
/* A member of the object's struct sched_ext_ops; NULL: the object was built without it. */
void* ops_member(const struct bpf_object* object, const struct bpf_map* ops, const char* name,
                 size_t* size);

#endif /* FIT_H */
