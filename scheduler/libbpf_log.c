// SPDX-License-Identifier: MIT OR BSD-2-Clause OR GPL-2.0
/* Keeps what libbpf says, which is long, and shows it if something failed. */
#include "libbpf_log.h"

#include <bpf/libbpf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static FILE* kept;
static char* text;
static size_t size;

static int keep(enum libbpf_print_level level, const char* format, va_list arguments) {
  if (level == LIBBPF_DEBUG || !kept) return 0;
  return vfprintf(kept, format, arguments);
}

void libbpf_log_start(void) {
  kept = open_memstream(&text, &size);
  libbpf_set_print(keep);
}

bool libbpf_log_has(const char* words) {
  return kept && !fflush(kept) && text && strstr(text, words);
}

void libbpf_log_end(bool show) {
  if (!kept) return;
  fclose(kept);
  kept = NULL;
  if (show) fputs(text, stderr);
  free(text);
  text = NULL;
}
