/* SPDX-License-Identifier: MIT OR BSD-2-Clause OR GPL-2.0 */
/* Writes the answers of scx_stats' protocol. */
#ifndef STATS_ANSWER_H
#define STATS_ANSWER_H

#include <stddef.h>

#include "stats_request.h"
#include "stats_server.h"

/* A line, with its newline, that the caller frees; NULL: out of memory. */
char* stats_answer(enum stats_request request, const struct stats_source* source, size_t* length);

#endif /* STATS_ANSWER_H */
