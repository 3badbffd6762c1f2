#pragma once
// The runtime's helper threads, and where a channel's blocks mention them. The layout is of the ABI
// in registry_abi.h: frozen.

#include <sys/types.h>

#include <cstdint>

// Places in the process's block. A pool thread's element leads to a second block of the same kind,
// which says that it is a pool's.
struct schedhint_helpers_layout {
  uint32_t process_slot;
  uint32_t flags;         // a u32
  uint32_t bound_flag;    // set in flags while the collector's helpers have elements
  uint32_t inherit_flag;  // set in the flags of the pool's block
  // Words that the pool's block has from the process's. The first is stored last: the block is
  // empty while it is 0.
  uint32_t same[4];
};

namespace schedhint {

struct HelperThread {
  enum class Kind { kCollector, kPool };

  pid_t tid;
  Kind kind;
};

}  // namespace schedhint
