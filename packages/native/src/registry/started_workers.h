#pragma once
// Counts the workers that run without having attached. The thread that starts a worker reports it,
// because a worker becomes known otherwise only when it attaches.

#include <sys/types.h>

#include <cstdint>
#include <unordered_map>

#include "registry/thread.h"

namespace schedhint {

class StartedWorkers {
 public:
  // One that the calling thread has started runs. Again: does nothing.
  void Online(uint64_t thread_id);
  void Ended(uint64_t thread_id) { starters_.erase(thread_id); }
  // The calling thread ends, and what it has started with it.
  void StarterEnds();
  // How many run that have not attached.
  uint32_t Unreached(Threads* threads) const;

 private:
  std::unordered_map<uint64_t, pid_t> starters_;  // by worker
};

}  // namespace schedhint
