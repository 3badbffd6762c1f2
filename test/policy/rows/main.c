/* Runs families of rows: main FAMILY..., a number being those with hints on so many CPUs. */
#include <stdlib.h>
#include <string.h>

#include "judge.h"

int main(int count, char** names) {
  for (int i = 1; i < count; i++) {
    if (!strcmp(names[i], "earlier")) earlier_failures();
    if (!strcmp(names[i], "fair")) fair_rows();
    if (!strcmp(names[i], "cgroups")) cgroup_rows();
    if (!atoi(names[i])) continue;
    liar_rows(atoi(names[i]));
    true_hint_rows(atoi(names[i]));
  }
  return checks_failed() > 0;
}
