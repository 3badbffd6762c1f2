#pragma once
// Looks through the names of the process's threads for those that help the runtime, when threads
// have started or ended.

#include <sys/types.h>

#include <cstdint>
#include <vector>

#include "channel/helper_thread.h"

namespace schedhint {

class HelperSearch {
 public:
  // Whether it has looked, and then which it has found. To be called often: mostly it costs one
  // stat(2).
  bool Look(uint64_t now_ns, std::vector<HelperThread>* found);

 private:
  bool IsDue(uint64_t now_ns);

  uint64_t begun_ns_ = 0;
  uint64_t looked_ns_ = 0;
  nlink_t threads_ = 0;       // at the last look
  bool must_repeat_ = false;  // a thread that has just started may not have its name yet
};

}  // namespace schedhint
