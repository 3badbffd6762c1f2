// SPDX-License-Identifier: MIT OR BSD-2-Clause OR GPL-2.0
/* Finds the cgroups that have a limit of CPU time (cpu.max). */
#include "cpu_limits.h"

#include <fts.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* "max 100000", or "20000 100000": what it may use in a period, both in microseconds. */
static bool is_limited(const char* file) {
  FILE* limit = fopen(file, "re");
  unsigned long long quota;
  bool limited;

  if (!limit) return false;
  limited = fscanf(limit, "%llu", &quota) == 1;
  fclose(limit);
  return limited;
}

void cpu_limits_find(struct cpu_limits* limits, const char* root) {
  char* const roots[] = {(char*)root, NULL};
  FTS* tree = fts_open(roots, FTS_PHYSICAL | FTS_NOCHDIR, NULL);
  size_t skipped = strlen(root);
  FTSENT* entry;

  *limits = (struct cpu_limits){0};
  while (tree && (entry = fts_read(tree))) {
    if (entry->fts_info != FTS_F || strcmp(entry->fts_name, "cpu.max")) continue;
    if (!is_limited(entry->fts_path)) continue;
    if (limits->count < CPU_LIMITS_NAMED) {
      size_t length = entry->fts_pathlen - skipped - strlen("/cpu.max");

      limits->names[limits->count] = strndup(entry->fts_path + skipped, length);
    }
    limits->count++;
  }
  if (tree) fts_close(tree);
}

void cpu_limits_free(struct cpu_limits* limits) {
  for (int i = 0; i < CPU_LIMITS_NAMED; i++) free(limits->names[i]);
}
