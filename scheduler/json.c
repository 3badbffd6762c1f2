// SPDX-License-Identifier: MIT OR BSD-2-Clause OR GPL-2.0
/* Writes JSON strings. */
#include "scheduler.h"

void json_string(FILE* out, const char* text) {
  fputc('"', out);
  for (; *text; text++) {
    if (*text == '"' || *text == '\\') fputc('\\', out);
    fputc(*text >= ' ' && *text < 127 ? *text : *text == '\n' || *text == '\t' ? ' ' : '?', out);
  }
  fputc('"', out);
}
