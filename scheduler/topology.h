/* SPDX-License-Identifier: MIT OR BSD-2-Clause OR GPL-2.0 */
/* Finds out which CPUs share a last-level cache. */
#ifndef TOPOLOGY_H
#define TOPOLOGY_H

#include <linux/types.h>
#include <stdbool.h>

#include "settings.h"

#define TOPOLOGY_ROOT "/sys/devices/system/cpu"

/*
 * Reads it from files under `root`, which are laid out as TOPOLOGY_ROOT is. `topology` holds what
 * was last known, or zeros: a CPU that is offline stays with the CPUs that it shared a cache with.
 * False, with a message, if the CPUs cannot be read or are more than MAX_CPUS. A machine that does
 * not say what its CPUs share has one LLC.
 */
bool topology_read(struct topology* topology, const char* root);

#endif /* TOPOLOGY_H */
