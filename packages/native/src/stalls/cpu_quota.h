#pragma once
// Reads for how long the cgroups of the process were throttled, from the cpu.stat of each.

#include <cstdint>
#include <vector>

#include "stalls/proc_file.h"

namespace schedhint {

// Of all groups together, since they were made.
struct Throttling {
  uint64_t ns = 0;  // added up over CPUs
  uint64_t periods = 0;
  uint64_t throttled_periods = 0;
};

class CpuQuota {
 public:
  // `paths`: of the files, each ended by a NUL, behind the last one another.
  void Open(const char* paths);
  bool is_open() const { return !groups_.empty(); }
  // The groups that had a quota when they were last read: reading version 2's makes the kernel add
  // up what all CPUs have counted, so nothing is read without need.
  Throttling Read() { return ReadGroups(false); }
  // And the others, which may have one by now.
  Throttling ReadAll() { return ReadGroups(true); }

 private:
  struct Group {
    ProcFile file;
    Throttling last;
  };

  Throttling ReadGroups(bool all);

  std::vector<Group> groups_;
};

}  // namespace schedhint
