// SPDX-License-Identifier: MIT OR BSD-2-Clause OR GPL-2.0
/* The names of what the scheduler counts. */
#include "scheduler.h"

const struct statistic_name statistic_names[STAT_COUNT] = {
#define X(name, explanation) {#name, explanation},
    STATISTICS(X)
#undef X
};
