// SPDX-License-Identifier: MIT OR BSD-2-Clause OR GPL-2.0
/* Layout C, read as the kernel's BPF half reads it: it looks each name up once for a thread. */
#define TLD_WITH_START
#define TLD_REMEMBERS
#include "tld_reader.h"
