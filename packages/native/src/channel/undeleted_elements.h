#pragma once
// Elements that the kernel has refused to delete. BPF programs can still find their blocks, so the
// blocks are not given to anybody else, until a later attempt succeeds or the thread has ended and
// its elements with it. The map stays open for those attempts.

#include <sys/types.h>

#include <cstdint>
#include <vector>

#include "channel/open_map.h"
#include "channel/thread_key.h"
#include "memory/block_set.h"

namespace schedhint {

class UndeletedElements {
 public:
  void Add(const HeldMap& map, const HeldThreadKey& thread, const Element& element, int error);
  // Tries all of them again. Whether some remain.
  bool Retry();
  bool any() const { return !elements_.empty(); }

  // Both try again first. -errno of the last attempt, or 0 if nothing is left.
  // One of a thread in a map.
  int ErrorOf(uint32_t map_id, pid_t tid);
  // One that leads to the blocks of a process.
  int ErrorOf(const HeldBlockSet& process);

 private:
  struct Undeleted {
    HeldMap map;
    HeldThreadKey thread;
    Element element;
    int error;
  };

  std::vector<Undeleted> elements_;
};

// Deletes a thread's element. 0 when no program finds it any more, also if another has deleted it;
// else -errno.
int DeleteIn(const HeldMap& map, const HeldThreadKey& thread);

}  // namespace schedhint
