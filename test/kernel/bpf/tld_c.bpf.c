// SPDX-License-Identifier: MIT OR BSD-2-Clause OR GPL-2.0
/* Task local data as Linux 7.1 has it: the element says where in their page a thread's values are.
 */
#define TLD_WITH_START
#include "tld_reader.h"
