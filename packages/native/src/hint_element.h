#pragma once
// A thread's element in scx_layered's hint map. It holds the hint itself, not a pointer to it, so
// each change is one bpf(2) call, and an unchanged value must be none.
//
// The app's threads, the map watcher and the GC hook write it, the last inside V8's pause. So it
// has a lock of its own, which guards nothing else and is held across that one call (about a
// microsecond); the registry's is never taken here.

#include <sys/types.h>

#include <cstdint>
#include <mutex>

#include "registry_abi.h"

namespace schedhint {

class HintElement {
 public:
  static constexpr int32_t kNone = -1;  // no element: 0 is a hint too
  static constexpr uint32_t kValueSize = 32;

  HintElement() = default;
  ~HintElement() { Unbind(); }
  HintElement(const HintElement&) = delete;
  HintElement& operator=(const HintElement&) = delete;

  // The app's hint.
  void Set(int32_t hint);
  // Stands in for the app's until the pause ends; kNone does not. Pauses that nest count as one.
  void EnterPause(int32_t hint);
  void LeavePause();

  // From now on the element in this map is ours, which stays open until Unbind().
  schedhint_status Bind(int map_fd, pid_t tid);
  // Deletes it.
  void Unbind();
  // -errno of the last change, or 0.
  int LastError();

 private:
  int Write();

  std::mutex mutex_;
  int32_t app_ = kNone;
  int32_t pause_ = kNone;
  int32_t written_ = kNone;
  int map_fd_ = -1;
  int thread_fd_ = -1;
  int error_ = 0;
};

}  // namespace schedhint
