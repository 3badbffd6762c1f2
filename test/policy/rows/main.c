/* Runs families of rows: main FAMILY..., a number being those with hints on so many CPUs. Or one
 * scenario: main scenario WORD... */
#include <stdlib.h>
#include <string.h>

#include "judge.h"
#include "scenario.h"

int main(int count, char** names) {
  if (count > 1 && !strcmp(names[1], "scenario")) return run_scenario(count - 2, names + 2);
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
