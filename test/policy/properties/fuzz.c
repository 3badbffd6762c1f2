/* Gives the properties the inputs that libFuzzer finds. */
#include <string.h>

#include "properties.h"

int LLVMFuzzerTestOneInput(const unsigned char* data, unsigned long size);

int LLVMFuzzerTestOneInput(const unsigned char* data, unsigned long size) {
  __u64 in[PROPERTY_INPUTS] = {0};

  memcpy(in, data, size < sizeof(in) ? size : sizeof(in));
  check_properties(in);
  return 0;
}
