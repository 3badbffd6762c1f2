/* Measures what a run has done, and counts what passed and what did not. */
#ifndef JUDGE_H
#define JUDGE_H

#include "../machine/machine.h"

extern const struct sim_policy earlier_policy, new_policy;

/* Prints a line with the figures, and counts it. */
void check(_Bool holds, const char* format, ...) __attribute__((format(printf, 2, 3)));
int checks_failed(void); /* prints `N passed, N failed` */

double late_ms(struct sim_program* program, double quantile); /* of its wakeups */
double worst_wait_ms(void);                                   /* of all tasks */
double cpus_of(const struct sim_program* program);            /* CPUs that it had */
double cpus_busy(void);

/* CPUs that each program would have by weighted max-min. */
void ideal_cpus(double* ideal);

/* The families of rows. */
void earlier_failures(void);
void fair_rows(void);
void cgroup_rows(void);
void liar_rows(int cpus);
void true_hint_rows(int cpus);

#endif /* JUDGE_H */
