// SPDX-License-Identifier: MIT OR BSD-2-Clause OR GPL-2.0
/* Task local data as the first kernels have it: layout A of docs/channels.md. */
#define TLD_BYTE_COUNT
#include "tld_reader.h"
