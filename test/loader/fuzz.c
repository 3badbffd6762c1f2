/* Gives the reader of requests what libFuzzer makes up. What it takes for a request begins and ends
 * as an object does. */
#include <stdlib.h>

#include "../../scheduler/stats_request.h"

int LLVMFuzzerTestOneInput(const char* data, unsigned long size);

int LLVMFuzzerTestOneInput(const char* data, unsigned long size) {
  if (stats_request_read(data, size) == STATS_REQUEST_BROKEN) return 0;
  while (size && data[size - 1] != '}') size--;
  if (size < sizeof("{\"req\":\"\"}") - 1) abort();
  return 0;
}
