// SPDX-License-Identifier: MIT OR BSD-2-Clause OR GPL-2.0
/* Layout B of docs/channels.md, that of the scx tree: the count of keys has two bytes. */
#include "tld_reader.h"
