/* What holds for the functions of policy.h, whatever their inputs. */
#ifndef PROPERTIES_H
#define PROPERTIES_H

#include <linux/types.h>

#define PROPERTY_INPUTS 10

/* Ends the program with the line of a property that does not hold. */
void check_properties(const __u64 inputs[PROPERTY_INPUTS]);

#endif /* PROPERTIES_H */
