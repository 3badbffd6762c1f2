/* What holds for the functions of policy.h, whatever their inputs. */
#include "properties.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#ifndef __always_inline
#define __always_inline inline __attribute__((always_inline))
#endif
#include "../../../scheduler/policy.h"

#define HOLDS(property)                                                    \
  do {                                                                     \
    if (!(property)) {                                                     \
      fprintf(stderr, "line %d does not hold: %s\n", __LINE__, #property); \
      abort();                                                             \
    }                                                                      \
  } while (0)

/* A point in virtual time that is near another: see the top of policy.h. */
static __u64 near(__u64 point, __u64 number) {
  return point + (__u64)((__s64)number >> 3);
}

static __u64 longer(__u64 a, __u64 b) {
  return a > b ? a : b;
}

static void virtual_time(__u64 ns, __u64 more, __u64 weight, __u64 heavier) {
  __u64 time = to_virtual(ns, weight), back = from_virtual(time, weight);

  HOLDS(to_virtual(longer(ns, more), weight) >= time);
  HOLDS(to_virtual(ns, longer(weight, heavier)) <= time);
  HOLDS(back <= ns);
  HOLDS(ns > LONGEST_NS || ns - back <= WEIGHT_MAX / WEIGHT_NICE_0 + 1);
  HOLDS(to_virtual(ns, WEIGHT_NICE_0) == at_most(ns, LONGEST_NS));
  HOLDS(from_virtual(longer(ns, more), weight) >= from_virtual(ns, weight));
}

static void weights(__u64 weight, __u64 parent, __u64 sum) {
  struct policy_hints batch = {.batch = true}, none = {0};
  __u64 part = flattened(weight, parent, sum);

  HOLDS(part >= WEIGHT_MIN && part <= bounded_weight(parent));
  HOLDS(flattened(weight, parent, sum / 2) >= part);
  HOLDS(flattened(WEIGHT_NICE_0, WEIGHT_NICE_0, 4 * WEIGHT_NICE_0) == WEIGHT_NICE_0 / 4);
  HOLDS(weight_of(weight, &batch) <= weight_of(weight, &none));
}

static void changes_of_weight(__u64 vtime, __u64 clock, __u64 from, __u64 to) {
  __u64 changed;

  vtime = clock + (__u64)((__s64)vtime >> 20); /* within hours, as after a clamp */
  from = bounded_weight(from), to = bounded_weight(to);
  changed = reweighted(vtime, clock, from, to);
  HOLDS(reweighted(vtime, clock, from, from) == vtime);
  HOLDS(reweighted(clock, clock, from, to) == clock);
  HOLDS(is_before(vtime, clock) ? !is_before(clock, changed) : !is_before(changed, clock));
  /* A heavier task is no further from the clock. */
  HOLDS(to < from ||
        (is_before(vtime, clock) ? !is_before(changed, vtime) : !is_before(vtime, changed)));
}

static void clamps(__u64 vtime, __u64 clock, __u64 behind) {
  __u64 to, cut;

  vtime = to = near(clock, vtime);
  behind = at_most(behind, 1ULL << 59);
  cut = clamp_vtime(&to, clock, behind);
  HOLDS(!is_before(to, clock - behind) && !is_before(clock + 2 * behind, to));
  HOLDS(!cut || (to == clock + 2 * behind && to + cut == vtime));
  HOLDS(cut || !is_before(to, vtime));
  HOLDS(is_before(vtime, clock - behind) || is_before(clock + 2 * behind, vtime) || to == vtime);
  HOLDS(clamp_vtime(&to, clock, behind) == 0);
  HOLDS(carried(carried(vtime, clock, behind), behind, clock) == vtime);
}

static void credits(struct policy_hints hints, __u64 now, __u64 slice, __u64 vtime, __u64 weight) {
  __s64 credit = hint_credit(&hints, now, slice), better;
  __s64 most = at_most(slice, LONGEST_NS);
  struct policy_hints other = hints;

  HOLDS(credit >= -most && credit <= CREDIT_SLICES * most);
  HOLDS(!hints.batch || hints.pause || credit == 0);
  HOLDS(deadline_credit(now, hints.runtime_ns, now, slice) == 0); /* past */
  HOLDS(deadline_credit(hints.deadline_ns, 0, now, slice) <=
        deadline_credit(hints.deadline_ns, hints.runtime_ns, now, slice));
  HOLDS(urgency_credit(0, slice) == 0 && urgency_credit(512, slice) == 0);
  HOLDS(urgency_credit(1024, slice) == most && urgency_credit(~0U, slice) == most);
  other.pause = true;
  better = hint_credit(&other, now, slice);
  HOLDS(better >= credit);
  HOLDS(!is_before(key_of(vtime, slice, credit, weight), key_of(vtime, slice, better, weight)));
  HOLDS(!is_before(key_of(vtime, slice, -most, weight), key_of(vtime, slice, credit, weight)));
  HOLDS(crowd_credit(credit, slice, 3 + HELPERS, 2) <= most &&
        crowd_credit(credit, slice, 2 + HELPERS, 2) == credit);
  HOLDS(crowd_credit(credit, slice, 3 + HELPERS, 2) <= credit);
}

static void slow(__u64 clock, __u64 key, __u64 slice, struct policy_load load, __u64 least) {
  __u64 later = key + (1 << 20), wait, natural = natural_wait(clock, key, &load);
  struct policy_hints batch = {.batch = true}, none = {0};

  least = at_most(least, 1ULL << 40);
  if (is_before(key, later) && is_before(clock, key)) {
    HOLDS(natural_wait(clock, later, &load) >= natural);
    HOLDS(!is_slow(clock, key, slice, &load, false) || is_slow(clock, later, slice, &load, false));
    HOLDS(!is_slow(clock, key, slice, &load, false) || is_slow(clock, key, slice, &load, true));
  }
  HOLDS(is_before(clock, key) || (natural == 0 && !is_slow(clock, key, slice, &load, true)));
  wait = slow_wait(natural, false, slice, &load);
  HOLDS(wait <= natural && slow_wait(natural, true, slice, &load) <= wait);
  HOLDS(load.tasks > 1 || wait <= longer(LONGEST_WAIT_NS, 1 << 30));
  HOLDS(slow_slice(slice, wait, natural, least) >= least);
  HOLDS(slow_slice(slice, wait, natural, least) <= longer(slice, least));
  HOLDS(turn_slice(slice, &none, &load, least) >= least);
  HOLDS(turn_slice(slice, &none, &load, least) <= longer(slice, least));
  HOLDS(slice > LONGEST_NS || turn_slice(slice, &batch, &load, least) <= longer(2 * slice, least));
}

static void clocks(__u64 clock, __u64 key, __u64 slice, __u64 weight, __u64 offset, __u64 llc) {
  __u64 to = clock_after(clock, key, slice, weight), bound, was, cut;

  HOLDS(!is_before(to, clock));
  HOLDS(to == clock || to == key - to_virtual(slice, weight));
  bound = at_most(slice, 1ULL << 59);
  offset = was = near(llc - clock, offset);
  cut = bound_lane(&offset, clock, llc, bound, bound / 2);
  HOLDS(!is_before(clock + offset, llc - bound) && !is_before(llc + bound / 2, clock + offset));
  HOLDS(!cut || offset + cut == was);
  HOLDS(bound_lane(&offset, clock, llc, bound, bound / 2) == 0);
}

static void turns(__u64 ran, __u64 since, __u64 key, __u64 running) {
  HOLDS(!preempts(key, running, ran, since) || (ran >= PREEMPT_RAN_NS && since >= PREEMPT_EACH_NS));
  HOLDS(!preempts(key, running, ran, since) || is_before(key, running));
  HOLDS(!preempts(key, key, ran, since));
  HOLDS(preempts(key, key + PREEMPT_LEAD_NS, PREEMPT_RAN_NS, PREEMPT_EACH_NS));
}

static void book(__u64 debt, __u64 used, __u64 ns) {
  __u64 number = debt, taken;

  HOLDS(debt_limit(used) <= DEBT_MOST_NS && debt_limit(used) <= used / DEBT_PART);
  HOLDS(debt_limit(longer(used, ns)) >= debt_limit(used));
  HOLDS(!hints_buy(debt, used) || debt < DEBT_MOST_NS);
  HOLDS(book_add(&number, ns));
  HOLDS(number >= debt && (number == debt + ns || number == ~0ULL));
  taken = book_take(&number, used);
  HOLDS(taken <= used && (taken == used || number == 0));
}

/* A task that runs whenever it may has its quota and what was saved up, and not more than a step
 * besides; over the time it has its quota less a step. */
static void quota(struct policy_quota limit, __u64 now, __u64 step) {
  __u64 until = now / 3, was = until, had = 0, begun, saved, share;

  HOLDS(quota_charge(&until, &limit, now, step) && until >= was);
  HOLDS(limit.quota_us || (until == was && !is_throttled(until, &limit, now)));
  limit.period_us = 1000 + limit.period_us % 999001;
  limit.quota_us = 1000 + limit.quota_us % (8 * limit.period_us);
  limit.burst_us %= limit.quota_us + 1;
  step = 1000 + step % (4 * POLICY_MS);
  begun = now = (1ULL << 40) + now % (1ULL << 40);
  saved = longer((limit.quota_us + limit.burst_us) * 1000,
                 QUOTA_SAVED_NS * limit.quota_us / limit.period_us);
  until = 0;
  for (int i = 0; i < 400; i++, now += step) {
    if (is_throttled(until, &limit, now)) continue;
    quota_charge(&until, &limit, now, 8 * step); /* on eight CPUs */
    had += 8 * step;
  }
  share = (now - begun) * limit.quota_us / limit.period_us;
  HOLDS(had <= share + saved + 8 * step + share / 1000);
  HOLDS(had + 8 * step + share / 1000 >= at_most(share, 8 * (now - begun)) ||
        share > 8 * (now - begun));
}

void check_properties(const __u64 in[PROPERTY_INPUTS]) {
  struct policy_hints hints = {in[0], in[1], in[3], in[4] & 1, in[4] & 2};
  struct policy_load load = {in[5], in[6], in[7]};

  virtual_time(in[0], in[1], in[2], in[3]);
  weights(in[2], in[3], in[4]);
  changes_of_weight(in[0], in[1], in[2], in[3]);
  clamps(in[0], in[1], in[2]);
  credits(hints, in[5], in[6], in[7], in[8]);
  slow(in[0], near(in[0], in[1]), in[2], load, in[3]);
  clocks(in[0], near(in[0], in[1]), in[2], in[3], in[4], in[5]);
  turns(in[0], in[1], in[2], near(in[2], in[3]));
  book(in[0], in[1], in[2]);
  quota((struct policy_quota){in[0], in[1], in[2]}, in[3], in[4]);
}
