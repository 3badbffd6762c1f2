/* SPDX-License-Identifier: MIT OR BSD-2-Clause OR GPL-2.0-only */
/*
 * Computes what the scheduler decides: arithmetic on numbers, without kfuncs and helpers.
 *
 * It compiles for BPF and for user space, where test/policy runs it in a simulated machine. Before
 * it is included, __u32, __u64, __s64, bool and __always_inline must be known.
 *
 * Units. Time is in ns. A weight is the kernel's (1..10000, 100 is nice 0) times 1024, so that a
 * share of a cgroup's weight keeps its precision. Virtual time is the CPU time that a task of nice
 * 0 would have had: ns * WEIGHT_NICE_0 / weight. Points in virtual time wrap, and are compared with
 * is_before(); two that are compared lie within 2^63 of each other.
 *
 * Every function is total: no input divides by zero, overflows a signed number or loops.
 */
#ifndef POLICY_H
#define POLICY_H

#define POLICY_MS 1000000ULL
#define WEIGHT_SHIFT 10
#define WEIGHT_NICE_0 (100ULL << WEIGHT_SHIFT)
#define WEIGHT_MAX (10000ULL << WEIGHT_SHIFT)
#define WEIGHT_MIN 16ULL        /* a 64th of the least nice value's: deep below many siblings */
#define LONGEST_NS (1ULL << 44) /* about 5 hours; longer times are cut to it */

#define CREDIT_SLICES 2    /* what a pause is worth, and all hints together */
#define HELPERS 4          /* of a collection, as V8 has */
#define DEADLINE_HORIZON 5 /* slices before the latest start in which a deadline counts */
#define BATCH_WEIGHT_PART 8
#define BATCH_SLICES 2
#define BATCH_WAIT_NS (200 * POLICY_MS)
#define SLOW_SLICES 5
#define SLOW_WAIT_NS (1000 * POLICY_MS)
#define LANE_BEHIND_SLICES 3 /* that a CPU's queue may be behind its LLC's, while it has tasks */
#define LONGEST_WAIT_NS (4000 * POLICY_MS)
#define PREEMPT_LEAD_NS POLICY_MS
#define PREEMPT_RAN_NS POLICY_MS
#define PREEMPT_EACH_NS POLICY_MS
#define PREEMPT_COST_NS (POLICY_MS / 4)
#define DEBT_MOST_NS (100 * POLICY_MS)
#define DEBT_PART 20     /* of the CPU time that a cgroup has had, one part may be owed */
#define SURCHARGE_PART 4 /* of what it uses, one part more is charged until the debt is gone */
#define HELD_MOST_NS (10000 * POLICY_MS)

/* What a task hints, read once for a decision. None of it is trusted. */
struct policy_hints {
  __u64 deadline_ns; /* 0: none */
  __u64 runtime_ns;  /* still needed before the deadline */
  __u32 urgency;     /* 1..1024, 0 and 512: no opinion */
  bool pause;        /* inside a pause, or helping with one */
  bool batch;
};

/* What a queue's tasks ask for: those that run and those that wait. */
struct policy_load {
  __u64 cpus; /* that serve it */
  __u64 tasks;
  __u64 weight; /* their sum */
};

static __always_inline bool is_before(__u64 a, __u64 b) {
  return (__s64)(a - b) < 0;
}

static __always_inline __u64 at_most(__u64 value, __u64 most) {
  return value < most ? value : most;
}

static __always_inline __u64 bounded_weight(__u64 weight) {
  return weight < WEIGHT_MIN ? WEIGHT_MIN : at_most(weight, WEIGHT_MAX);
}

/* The virtual time of `ns` on a CPU. */
static __always_inline __u64 to_virtual(__u64 ns, __u64 weight) {
  return at_most(ns, LONGEST_NS) * WEIGHT_NICE_0 / bounded_weight(weight);
}

/* And back, rounded down. In two parts, which cannot overflow. */
static __always_inline __u64 from_virtual(__u64 time, __u64 weight) {
  time = at_most(time, LONGEST_NS * (WEIGHT_NICE_0 / WEIGHT_MIN));
  weight = bounded_weight(weight);
  return time / WEIGHT_NICE_0 * weight + time % WEIGHT_NICE_0 * weight / WEIGHT_NICE_0;
}

/* One level of a hierarchy: the part of the parent's weight that a member has, of the weights of
 * all members that are active. Begin with the task's weight, and go up to the children of the root.
 */
static __always_inline __u64 flattened(__u64 weight, __u64 parent_weight, __u64 active_sum) {
  weight = bounded_weight(weight);
  if (active_sum < weight) active_sum = weight; /* it is a member itself: a stale sum */
  return bounded_weight(weight * bounded_weight(parent_weight) / active_sum);
}

static __always_inline __u64 weight_of(__u64 weight, const struct policy_hints* hints) {
  return bounded_weight(hints->batch ? weight / BATCH_WEIGHT_PART : weight);
}

/* A turn. Long queues get short ones, so that a second sees every task. `least_ns`: a tick, below
 * which the kernel does not end a turn. */
static __always_inline __u64 turn_slice(__u64 slice, const struct policy_hints* hints,
                                        const struct policy_load* load, __u64 least_ns) {
  __u64 share = 1000 * POLICY_MS * at_most(load->cpus, 1 << 16) / (load->tasks ? load->tasks : 1);

  slice = at_most(slice, share);
  if (hints->batch) slice *= BATCH_SLICES;
  return slice > least_ns ? slice : least_ns;
}

/* Keeps a task near the clock: `behind` it at most, so that no task saves up by sleeping, and twice
 * that ahead, which is a turn with the tick that ends it and the surcharge. Returns what was cut
 * off above: virtual time that it has had beyond its share and will not wait for. */
static __always_inline __u64 clamp_vtime(__u64* vtime, __u64 clock, __u64 behind) {
  __u64 latest = clock + 2 * behind, cut;

  if (is_before(*vtime, clock - behind)) *vtime = clock - behind;
  if (!is_before(latest, *vtime)) return 0;
  cut = *vtime - latest;
  *vtime = latest;
  return cut;
}

/* The virtual time of a task that goes to another clock: its difference goes along. */
static __always_inline __u64 carried(__u64 vtime, __u64 from_clock, __u64 to_clock) {
  return to_clock + (vtime - from_clock);
}

/* The virtual time of a task whose weight changes, as it does whenever tasks of its cgroup fall
 * asleep or wake up: the CPU time by which it is behind or ahead stays. With the virtual time as it
 * was, one that is behind at a high weight would wait for a turn at its low one. */
static __always_inline __u64 reweighted(__u64 vtime, __u64 clock, __u64 from_weight,
                                        __u64 to_weight) {
  if (from_weight == to_weight) return vtime;
  if (is_before(vtime, clock))
    return clock - to_virtual(from_virtual(clock - vtime, from_weight), to_weight);
  return clock + to_virtual(from_virtual(vtime - clock, from_weight), to_weight);
}

/* From -slice to slice. In two halves: BPF has no signed division. */
static __always_inline __s64 urgency_credit(__u32 urgency, __u64 slice) {
  slice = at_most(slice, LONGEST_NS);
  if (!urgency) return 0;
  if (urgency < 512) return -(__s64)(slice * (512 - urgency) / 512);
  return slice * (at_most(urgency, 1024) - 512) / 512;
}

/* From 0, DEADLINE_HORIZON slices before the task must start, to a slice. What is past is worth
 * nothing: a hint that was forgotten must not count for ever. */
static __always_inline __u64 deadline_credit(__u64 deadline_ns, __u64 runtime_ns, __u64 now,
                                             __u64 slice) {
  __u64 laxity;

  slice = at_most(slice, LONGEST_NS);
  if (deadline_ns <= now) return 0;
  laxity = deadline_ns - now;
  laxity = laxity > runtime_ns ? laxity - runtime_ns : 0;
  return laxity < DEADLINE_HORIZON * slice ? slice - laxity / DEADLINE_HORIZON : 0;
}

/* What the hints are worth, in ns of CPU time: from -slice to CREDIT_SLICES * slice for all
 * together. A task is at most two slices ahead of the clock, and one that wakes up has its key at
 * the clock: with more credit than that takes, a crowd that hints all it can would keep it waiting.
 * The urgency and the deadline of batch work mean nothing.
 *
 * A pause needs no other rule. When its slice ends it goes on if its key is still the first. To let
 * it run on regardless of that, up to 40 ms, shortened pauses of 30 to 100 ms in the simulator by
 * nothing, and was how a program that does not clear its hint kept a CPU. */
static __always_inline __s64 hint_credit(const struct policy_hints* hints, __u64 now, __u64 slice) {
  __s64 credit = 0, most;

  slice = at_most(slice, LONGEST_NS);
  most = CREDIT_SLICES * slice;
  if (!hints->batch) {
    credit = urgency_credit(hints->urgency, slice);
    credit += deadline_credit(hints->deadline_ns, hints->runtime_ns, now, slice);
  }
  if (hints->pause) credit += most;
  return credit < most ? credit : most;
}

/* The same if `hinted` tasks run or wait that are to go ahead, more than there are CPUs and helpers
 * of one collection: a slice at most. Each is bounded by its own share, but a crowd that wakes up
 * often keeps all others from the CPUs until all of it has used that up. */
static __always_inline __s64 crowd_credit(__s64 credit, __u64 slice, __u64 hinted, __u64 cpus) {
  __s64 most = at_most(slice, LONGEST_NS);

  return hinted > at_most(cpus, 1 << 16) + HELPERS && credit > most ? most : credit;
}

/* Where a task stands in its queue: when its turn would be over if it ran at its share, less its
 * credit, which is over the weight too: it buys CPU time, so much for all weights. */
static __always_inline __u64 key_of(__u64 vtime, __u64 slice, __s64 credit, __u64 weight) {
  __u64 key = vtime + to_virtual(slice, weight);

  return credit < 0 ? key + to_virtual(-(__u64)credit, weight) : key - to_virtual(credit, weight);
}

/* How long a task will likely wait that is `key - clock` behind the clock: that moves by
 * cpus / (weight of all), in units of nice 0. */
static __always_inline __u64 natural_wait(__u64 clock, __u64 key, const struct policy_load* load) {
  __u64 each = at_most(load->weight / (load->cpus ? load->cpus : 1), 1ULL << 32), far;

  if (!is_before(clock, key)) return 0;
  far = at_most(key - clock, 1ULL << 42);
  return far / WEIGHT_NICE_0 * each + far % WEIGHT_NICE_0 * each / WEIGHT_NICE_0;
}

/* Does the task belong into the queue of those that are due at a time? A key is fixed while a task
 * waits: if it is far, and many tasks come meanwhile, it is reached after minutes. Far is measured
 * in slices of the average weight, for in a large cgroup all weights are small. Where the wait is
 * short the key is better: what the load of this moment says of the wait may be twice what it will
 * be. Batch work has a bound of its wait that its key does not know. */
static __always_inline bool is_slow(__u64 clock, __u64 key, __u64 slice,
                                    const struct policy_load* load, bool batch) {
  __u64 average = load->weight / (load->tasks ? load->tasks : 1);
  __u64 far = SLOW_SLICES * to_virtual(at_most(slice, 1ULL << 30), average);

  return is_before(clock + far, key) && (batch || natural_wait(clock, key, load) > SLOW_WAIT_NS);
}

/* How long a slow task waits. Not less than a task that is not slow, for which a round is: to ask
 * for less must not bring more. */
static __always_inline __u64 slow_wait(__u64 natural_ns, bool batch, __u64 slice,
                                       const struct policy_load* load) {
  __u64 most = batch ? BATCH_WAIT_NS - 2 * at_most(slice, BATCH_WAIT_NS / 4) : LONGEST_WAIT_NS;
  __u64 round = at_most(slice, 1ULL << 30) * at_most(load->tasks, 1 << 30);

  round /= load->cpus ? load->cpus : 1;
  return at_most(natural_ns, most > round ? most : round);
}

/* The turn of a task that waits for `waits_ns` in place of `natural_ns`: as much shorter, so that
 * its share stays. At least `least_ns`. */
static __always_inline __u64 slow_slice(__u64 slice, __u64 waits_ns, __u64 natural_ns,
                                        __u64 least_ns) {
  if (waits_ns < natural_ns) /* in units of 65 us: the product stays within 64 bits */
    slice =
        at_most(slice, 1ULL << 30) * at_most(waits_ns >> 16, 1ULL << 33) / ((natural_ns >> 16) + 1);
  return slice > least_ns ? slice : least_ns;
}

/* A queue's clock after a task was taken from it: the key less the task's slice, so credit does
 * not move it. */
static __always_inline __u64 clock_after(__u64 clock, __u64 key, __u64 slice, __u64 weight) {
  __u64 reached = key - to_virtual(slice, weight);

  return is_before(clock, reached) ? reached : clock;
}

/* From the clock of one CPU's queue to its LLC's: what is added to compare keys. It stays as it is,
 * so that tasks that may run on one CPU only and get less there have precedence on it; but no
 * further than `behind` and `ahead`. To move it moves them all, and leaves their order and their
 * weights. Returns what was cut off if the queue is ahead, as clamp_vtime(). */
static __always_inline __u64 bound_lane(__u64* offset, __u64 lane_clock, __u64 llc_clock,
                                        __u64 behind, __u64 ahead) {
  __u64 at = lane_clock + *offset, cut;

  if (is_before(at, llc_clock - behind)) *offset = llc_clock - behind - lane_clock;
  if (!is_before(llc_clock + ahead, at)) return 0;
  cut = at - (llc_clock + ahead);
  *offset -= cut;
  return cut;
}

/* Has a kernel thread of a CPU, for which others wait, used so little that it goes first? */
static __always_inline bool is_short(__u64 vtime, __u64 clock, __u64 slice, __u64 weight) {
  return is_before(vtime, clock + to_virtual(at_most(slice, 1ULL << 30), weight));
}

/* A slow task that is due has the right to its turn, against all but those that wake up: their keys
 * are the clock, if they have slept for long enough. */
static __always_inline __u64 key_of_due(__u64 clock) {
  return clock + 2 * PREEMPT_LEAD_NS;
}

/* Does one that waits take the CPU of one that runs? Keys are of the turns, not of this moment:
 * two that take turns do not shorten them. */
static __always_inline bool preempts(__u64 key, __u64 running_key, __u64 ran_ns,
                                     __u64 since_kick_ns) {
  return ran_ns >= PREEMPT_RAN_NS && since_kick_ns >= PREEMPT_EACH_NS &&
         is_before(key + PREEMPT_LEAD_NS - 1, running_key);
}

/* What a cgroup may owe. */
static __always_inline __u64 debt_limit(__u64 used_ns) {
  return at_most(used_ns / DEBT_PART, DEBT_MOST_NS);
}

static __always_inline bool hints_buy(__u64 debt_ns, __u64 used_ns) {
  return debt_ns < debt_limit(used_ns);
}

/* Adds to a number that others change too; it stays at its largest. Returns false if others changed
 * it four times meanwhile: the caller counts it as lost. */
static __always_inline bool book_add(__u64* number, __u64 ns) {
  for (int i = 0; i < 4; i++) {
    __u64 was = *(volatile __u64*)number, is = was + ns < was ? ~0ULL : was + ns;

    if (__sync_val_compare_and_swap(number, was, is) == was) return true;
  }
  return false;
}

/* Takes up to `most` and returns how much: 0 if others changed it meanwhile. Never below 0. */
static __always_inline __u64 book_take(__u64* number, __u64 most) {
  __u64 there = *(volatile __u64*)number;

  most = at_most(most, there);
  if (!most || __sync_val_compare_and_swap(number, there, there - most) != there) return 0;
  return most;
}

/* cpu.max as one word, the time until which the limit is used up (GCRA). No timer fills it. */
struct policy_quota {
  __u64 period_us; /* both as in cpu.max; quota 0: no limit */
  __u64 quota_us;
  __u64 burst_us;
};

#define QUOTA_MOST_US (1ULL << 40)
#define QUOTA_SAVED_NS (8 * POLICY_MS)

/* How far behind the present the word can be: what may be saved up. Two ticks at least: tasks are
 * released at ticks, and with less than the time between two they would not have their quota. */
static __always_inline __u64 quota_saved(const struct policy_quota* limit) {
  __u64 quota = limit->quota_us ? at_most(limit->quota_us, QUOTA_MOST_US) : 1;
  __u64 most = quota + at_most(limit->burst_us, quota); /* cgroups have no more burst than quota */
  __u64 saved = most * at_most(limit->period_us, 1000000) / quota * 1000;

  return saved > QUOTA_SAVED_NS ? saved : QUOTA_SAVED_NS;
}

/* Charges time on a CPU, to each limited ancestor too. False: others changed it four times. */
static __always_inline bool quota_charge(__u64* until, const struct policy_quota* limit, __u64 now,
                                         __u64 ns) {
  __u64 quota = at_most(limit->quota_us, QUOTA_MOST_US), saved, step;

  if (!quota) return true;
  saved = quota_saved(limit);
  if (saved > now) saved = now;
  step = at_most(ns, LONGEST_NS >> 4) * at_most(limit->period_us, 1000000) / quota;
  for (int i = 0; i < 4; i++) {
    __u64 was = *(volatile __u64*)until, from = was > now - saved ? was : now - saved;
    __u64 is = from + step < from ? ~0ULL : from + step;

    if (__sync_val_compare_and_swap(until, was, is) == was) return true;
  }
  return false;
}

/* Until `until`. One that was held for too long runs a tick in debt: it may hold a lock, and the
 * kernel ends a scheduler that lets a task wait for 30 s. */
static __always_inline bool is_throttled(__u64 until, const struct policy_quota* limit, __u64 now) {
  return limit->quota_us && until > now;
}

#endif /* POLICY_H */
