// SPDX-License-Identifier: MIT OR BSD-2-Clause OR GPL-2.0
/* Writes the answers of scx_stats' protocol: numbers, what they mean, and errors. */
#include "stats_answer.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "scheduler.h"

#define STRUCT_NAME "Schedhint" /* scx_stats: the name of a struct in Rust */

static void write_sums(FILE* out, const struct stats_source* source) {
  __u64 sums[STAT_COUNT] = {0};

  source->count(source->from, sums);
  for (int i = 0; i < STAT_COUNT; i++)
    fprintf(out, "%s\"%s\":%llu", i ? "," : "{", statistic_names[i].name,
            (unsigned long long)sums[i]);
  fputc('}', out);
}

/* `top`: it is the struct that a request without a target asks for. The prefix is for
 * scxstats_to_openmetrics.py. */
static void write_meta(FILE* out) {
  fputs("{\"" STRUCT_NAME "\":{\"name\":\"" STRUCT_NAME
        "\",\"top\":\"true\","
        "\"desc\":\"scx_schedhint: sums since its start\",\"user\":{\"_om_prefix\":\"schedhint_\"},"
        "\"fields\":",
        out);
  for (int i = 0; i < STAT_COUNT; i++) {
    fprintf(out, "%s\"%s\":{\"datum\":\"u64\",\"desc\":", i ? "," : "{", statistic_names[i].name);
    json_string(out, statistic_names[i].explanation);
    fputc('}', out);
  }
  fputs("}}}", out);
}

static const char* complaint_about(enum stats_request request) {
  if (request == STATS_REQUEST_TARGET) return "unknown stat target: there is only \"top\"";
  if (request == STATS_REQUEST_UNKNOWN)
    return "unknown command: there are \"stats\" and \"stats_meta\"";
  return "not a request: {\"req\":\"stats\",\"args\":{}} is one, in its own line";
}

char* stats_answer(enum stats_request request, const struct stats_source* source, size_t* length) {
  bool known = request == STATS_REQUEST_STATS || request == STATS_REQUEST_META;
  char* text = NULL;
  FILE* out = open_memstream(&text, length);

  if (!out) return NULL;
  fprintf(out, "{\"errno\":%d,\"args\":{\"resp\":", known ? 0 : EINVAL);
  if (request == STATS_REQUEST_STATS)
    write_sums(out, source);
  else if (request == STATS_REQUEST_META)
    write_meta(out);
  else
    json_string(out, complaint_about(request));
  fputs("}}\n", out);
  if (!fclose(out)) return text;
  free(text);
  return NULL;
}
