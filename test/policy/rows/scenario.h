/* One scenario in words. */
#ifndef SCENARIO_H
#define SCENARIO_H

int run_scenario(int count, char** words);

#endif /* SCENARIO_H */
