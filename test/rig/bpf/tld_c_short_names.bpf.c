// SPDX-License-Identifier: MIT OR BSD-2-Clause OR GPL-2.0
/* Layout C in a scheduler that was built with another TLD_NAME_LEN. */
#define TLD_WITH_START
#define NAME_LEN 30
#include "tld_reader.h"
