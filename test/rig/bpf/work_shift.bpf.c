// SPDX-License-Identifier: MIT OR BSD-2-Clause OR GPL-2.0
/* The program of work_hints.bpf.c, built with another version of its struct. */
#define WORK_SHIFTED
#include "work_hints.bpf.c"
