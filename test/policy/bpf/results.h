/*
 * Calls every function of policy.h, for user space and BPF alike. In BPF each part is a global
 * function, which the verifier judges alone: one after the other in a single program they have more
 * paths than it follows.
 */
#ifndef RESULTS_H
#define RESULTS_H

#include <linux/types.h>
#include <stdbool.h>
#ifndef __always_inline
#define __always_inline inline __attribute__((always_inline))
#endif
#include "../../../scheduler/policy.h"

#define RESULT_INPUTS 9
#define RESULTS 12 /* of each part */

/* What the BPF program gets and returns. */
struct results {
  __u64 in[RESULT_INPUTS];
  __u64 place[RESULTS];
  __u64 turn[RESULTS];
  __u64 book[RESULTS];
};

/* As when a task gets its place: all in one function, on what it was before. */
int compute_place(struct results* it);
__attribute__((noinline)) int compute_place(struct results* it) {
  struct policy_hints hints;
  struct policy_load load;
  __u64 vtime, slice, weight, key, natural, wait, *out;
  __s64 credit;

  if (!it) return 0;
  hints = (struct policy_hints){it->in[0], it->in[1], it->in[3], it->in[4] & 1, it->in[4] & 2};
  load = (struct policy_load){it->in[5], it->in[6], it->in[7]};
  vtime = it->in[0];
  slice = it->in[2];
  out = it->place;
  weight = weight_of(flattened(it->in[1], it->in[2], it->in[3]), &hints);
  out[0] = weight;
  out[1] = clamp_vtime(&vtime, it->in[8], to_virtual(slice, weight));
  out[2] = vtime;
  out[3] = from_virtual(out[1], weight);
  credit = hint_credit(&hints, it->in[8], slice);
  credit = crowd_credit(credit, slice, it->in[6], it->in[5]);
  out[4] = credit;
  out[5] = turn_slice(slice, &hints, &load, it->in[4]);
  key = key_of(vtime, slice, credit, weight);
  out[6] = key;
  out[7] = is_slow(it->in[8], key, slice, &load, hints.batch);
  natural = natural_wait(it->in[8], key, &load);
  out[8] = natural;
  wait = slow_wait(natural, hints.batch, slice, &load);
  out[9] = wait;
  out[10] = slow_slice(slice, wait, natural, it->in[4]);
  out[11] = carried(key, it->in[7], it->in[8]);
  return 0;
}

int compute_turn(struct results* it);
__attribute__((noinline)) int compute_turn(struct results* it) {
  __u64 offset;

  if (!it) return 0;
  offset = it->in[0];
  it->turn[0] = clock_after(it->in[0], it->in[1], it->in[2], it->in[3]);
  it->turn[1] = bound_lane(&offset, it->in[1], it->in[2], it->in[3], it->in[4]);
  it->turn[2] = offset;
  it->turn[3] = preempts(it->in[0], it->in[1], it->in[2], it->in[3]);
  it->turn[4] = hints_buy(it->in[0], it->in[1]);
  it->turn[5] = reweighted(it->in[0], it->in[1], it->in[2], it->in[3]);
  return 0;
}

/* In memory that others could change. */
int compute_book(struct results* it);
__attribute__((noinline)) int compute_book(struct results* it) {
  struct policy_quota limit;

  if (!it) return 0;
  limit = (struct policy_quota){it->in[5], it->in[6], it->in[7]};
  it->book[0] = it->in[0];
  it->book[1] = book_add(&it->book[0], it->in[1]);
  it->book[2] = it->in[0];
  it->book[3] = book_take(&it->book[2], it->in[1]);
  it->book[4] = it->in[0];
  it->book[5] = quota_charge(&it->book[4], &limit, it->in[1], it->in[2]);
  it->book[6] = is_throttled(it->in[0], &limit, it->in[1]);
  return 0;
}

#endif /* RESULTS_H */
