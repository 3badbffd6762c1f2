#pragma once
// Reads what a thread has used since it started: CPU time, time ready to run without a CPU,
// switches, major faults.

#include <cstdint>

#include "stalls/proc_file.h"

namespace schedhint {

struct ThreadUsage {
  uint64_t cpu_ns = 0;
  uint64_t run_delay_ns = 0;  // 0 where the kernel does not count it
  uint64_t timeslices = 0;
  uint64_t voluntary_switches = 0;
  uint64_t involuntary_switches = 0;
  uint64_t major_faults = 0;

  ThreadUsage& operator+=(const ThreadUsage& other);
  ThreadUsage operator-(const ThreadUsage& earlier) const;
};

// Of one thread. Used on that thread alone, because the kernel adds a wait when it ends: read by
// another thread during the wait, that would be missing.
class ThreadMeter {
 public:
  // Of the calling thread.
  ThreadMeter();
  // When the CPU time is read, the kernel checks whether the thread has used up its slice or its
  // quota, and may give the CPU to another thread in that moment. At the end of an interval, after
  // its end time was taken, the CPU time is read last; at the start of one, before its start time
  // is taken, it is read first. So the wait is not counted to that interval.
  enum CpuTime { kFirst, kLast };
  ThreadUsage Read(CpuTime cpu_time) const;
  // All but the run delay and the timeslices: 0.5 us instead of 3.
  ThreadUsage ReadWithoutDelay(CpuTime cpu_time) const;
  bool has_schedstat() const { return schedstat_.is_open(); }

 private:
  void ReadDelay(ThreadUsage* usage) const;

  ProcFile schedstat_;
};

}  // namespace schedhint
