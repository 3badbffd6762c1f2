// SPDX-License-Identifier: MIT OR BSD-2-Clause OR GPL-2.0
/* Task local data as Linux 6.18 has it: the oldest layout in a release. */
#define TLD_BYTE_COUNT
#include "tld_reader.h"
