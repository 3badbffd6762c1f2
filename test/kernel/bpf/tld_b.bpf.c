// SPDX-License-Identifier: MIT OR BSD-2-Clause OR GPL-2.0
/* Task local data as the scx tree has it: the count of keys has two bytes. */
#include "tld_reader.h"
