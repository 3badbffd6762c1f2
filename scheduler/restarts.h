/* SPDX-License-Identifier: MIT OR BSD-2-Clause OR GPL-2.0 */
/* Bounds how often the scheduler starts again, so that it cannot do nothing else. */
#ifndef RESTARTS_H
#define RESTARTS_H

#include <linux/types.h>
#include <stdbool.h>

/* More restarts than this in that time are a loop. */
#define RESTARTS_MAX 10
#define RESTARTS_MS 10000

struct restarts {
  int count;
  __u64 at_ms[RESTARTS_MAX]; /* the last ones: a ring */
};

/* May it start again now? If so that is noted. */
static inline bool may_restart(struct restarts* restarts, __u64 now_ms) {
  __u64* slot = &restarts->at_ms[restarts->count % RESTARTS_MAX];

  if (restarts->count >= RESTARTS_MAX && now_ms - *slot < RESTARTS_MS) return false;
  *slot = now_ms;
  restarts->count++;
  return true;
}

#endif /* RESTARTS_H */
