/* Repeats in the machine how the earlier scheduler failed on a kernel, and that the new policy does
 * not. */
#include "hints.h"
#include "judge.h"

static double beside_a_low_loop(const struct sim_policy* policy) {
  struct sim_program* sleeper;

  sim_reset(2, 2, 1, 0);
  sim_add((struct sim_program){
      .name = "loop", .count = 1, .weight = 1, .run_ns = SIM_FOREVER, .pin = 0});
  sim_add((struct sim_program){.name = "hog", .count = 1, .run_ns = SIM_FOREVER, .pin = 1});
  sim_add((struct sim_program){.name = "kworker",
                               .count = 2,
                               .run_ns = 50000,
                               .sleep_ns = 2000 * SIM_MS,
                               .jitter = 50,
                               .pin = PIN_EACH,
                               .kthread = 1});
  sleeper = sim_add((struct sim_program){
      .name = "sleeper", .count = 1, .run_ns = SIM_MS, .sleep_ns = 100 * SIM_MS, .pin = 1});
  sim_run(policy, 60000 * SIM_MS);
  return sleeper->worst_wait_ns / 1e6;
}

static double kworker_beside_a_pause(const struct sim_policy* policy) {
  struct sim_program* kworker;

  sim_reset(2, 2, 1, 1);
  sim_add((struct sim_program){
      .name = "liar", .count = 1, .run_ns = SIM_FOREVER, .pin = 0, .hint = pausing});
  kworker = sim_add((struct sim_program){.name = "kworker",
                                         .count = 2,
                                         .run_ns = 50000,
                                         .sleep_ns = 500 * SIM_MS,
                                         .jitter = 50,
                                         .pin = PIN_EACH,
                                         .kthread = 1});
  sim_run(policy, 60000 * SIM_MS);
  return kworker->worst_wait_ns / 1e6;
}

static double pinned_batch(const struct sim_policy* policy, __u64 seed) {
  struct sim_program* worker;

  sim_reset(8, 8, seed, 1);
  sim_add((struct sim_program){.name = "hog", .count = 16, .run_ns = SIM_FOREVER, .pin = -1});
  worker = sim_add((struct sim_program){
      .name = "batch", .count = 1, .run_ns = SIM_FOREVER, .pin = 3, .hint = batch});
  sim_run(policy, 120000 * SIM_MS);
  return worker->worst_wait_ns / 1e6;
}

void earlier_failures(void) {
  double earlier = beside_a_low_loop(&earlier_policy), is = beside_a_low_loop(&new_policy);
  double worst = 0;

  check(earlier > 500, "earlier: a wakeup next to a nice-19 loop waits %.0f ms (> 500)", earlier);
  check(is < 10, "new: %.1f ms (< 10)", is);
  earlier = kworker_beside_a_pause(&earlier_policy);
  is = kworker_beside_a_pause(&new_policy);
  check(earlier > 30000, "earlier: a kworker next to a stuck pause waits %.0f ms (> 30000)",
        earlier);
  check(is < 1, "new: %.3f ms (< 1)", is);
  for (int seed = 1; seed <= 4; seed++) {
    double waited = pinned_batch(&earlier_policy, seed);

    if (waited > worst) worst = waited;
  }
  is = pinned_batch(&new_policy, 1);
  check(worst > 30000, "earlier: a batch worker bound to a CPU waits %.0f ms (> 30000)", worst);
  check(is <= 200, "new: %.0f ms (<= 200)", is);
}
