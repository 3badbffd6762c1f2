#include "kernel/monotonic_clock.h"

#include <cstdio>

namespace schedhint {

int64_t TimeNamespaceOffset() {
  // Lines of "CLOCK SECONDS NANOSECONDS"; absent without CONFIG_TIME_NS or /proc.
  FILE* file = std::fopen("/proc/self/timens_offsets", "re");
  if (file == nullptr) return 0;
  int64_t offset = 0;
  char line[128];
  while (std::fgets(line, sizeof(line), file) != nullptr) {
    long long seconds, nanoseconds;
    if (std::sscanf(line, "monotonic %lld %lld", &seconds, &nanoseconds) == 2) {
      offset = seconds * 1000000000ll + nanoseconds;
    }
  }
  std::fclose(file);
  return offset;
}

}  // namespace schedhint
