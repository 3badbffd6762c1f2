// SPDX-License-Identifier: MIT OR BSD-2-Clause OR GPL-2.0
/* Layout C of docs/channels.md: the element says where in their page a thread's values are.
 */
#define TLD_WITH_START
#include "tld_reader.h"
