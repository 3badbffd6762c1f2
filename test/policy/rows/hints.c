/* What programs hint, for the rows of several files. */
#include "hints.h"

void pausing(const struct sim_task* task, struct sim_hints* hints) {
  (void)task;
  hints->pause = 1;
}
void urgent(const struct sim_task* task, struct sim_hints* hints) {
  (void)task;
  hints->urgency = 1024;
}
void deadline(const struct sim_task* task, struct sim_hints* hints) {
  (void)task;
  hints->deadline_ns = sim.now + 1;
  hints->runtime_ns = 1000 * SIM_MS;
}
void everything(const struct sim_task* task, struct sim_hints* hints) {
  pausing(task, hints);
  urgent(task, hints);
  deadline(task, hints);
}
void batch(const struct sim_task* task, struct sim_hints* hints) {
  (void)task;
  hints->batch = 1;
}
