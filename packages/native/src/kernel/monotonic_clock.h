#pragma once
// Reads CLOCK_MONOTONIC of the initial time namespace, the clock of bpf_ktime_get_ns(). In another
// time namespace, its offset is subtracted.

#include <time.h>

#include <cstdint>

namespace schedhint {

// How far this process's CLOCK_MONOTONIC is ahead of the initial time namespace's, which is the
// clock of bpf_ktime_get_ns(). 0 outside a time namespace of one's own.
int64_t TimeNamespaceOffset();

// CLOCK_MONOTONIC of the initial time namespace, nanoseconds.
inline uint64_t MonotonicNow(int64_t namespace_offset) {
  timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<uint64_t>(now.tv_sec) * 1000000000u + static_cast<uint64_t>(now.tv_nsec) -
         static_cast<uint64_t>(namespace_offset);
}

}  // namespace schedhint
