/* SPDX-License-Identifier: MIT OR BSD-2-Clause OR GPL-2.0 */
/* Reads a request of scx_stats' protocol. */
#ifndef STATS_REQUEST_H
#define STATS_REQUEST_H

#include <stddef.h>

enum stats_request {
  STATS_REQUEST_STATS,   /* {"req":"stats"}, with {"target":"top"} in `args` or without */
  STATS_REQUEST_META,    /* {"req":"stats_meta"}: names, types and explanations */
  STATS_REQUEST_TARGET,  /* statistics of something that is not here */
  STATS_REQUEST_UNKNOWN, /* another command */
  STATS_REQUEST_BROKEN,  /* not a request */
};

/*
 * `line` has `length` bytes, without the newline; it may have any bytes. A request is an object
 * with a string "req" and, if it likes, an object "args" of strings, as scx_stats' clients write
 * it. Anything else is STATS_REQUEST_BROKEN.
 */
enum stats_request stats_request_read(const char* line, size_t length);

#endif /* STATS_REQUEST_H */
