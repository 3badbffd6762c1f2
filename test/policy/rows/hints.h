/* What programs hint, for the rows of several files. */
#ifndef HINTS_H
#define HINTS_H

#include "../machine/machine.h"

void pausing(const struct sim_task* task, struct sim_hints* hints);
void urgent(const struct sim_task* task, struct sim_hints* hints);
void deadline(const struct sim_task* task, struct sim_hints* hints);
void everything(const struct sim_task* task, struct sim_hints* hints);
void batch(const struct sim_task* task, struct sim_hints* hints);

#endif /* HINTS_H */
