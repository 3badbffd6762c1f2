#pragma once
// A thread's element in scx_layered's hint map. It holds the hint itself, not a pointer to it, so
// each change is one bpf(2) call, and an unchanged value must be none.
//
// scx_layered leaves a thread without an element in the layer that it is in. So an element is never
// deleted: where the app has no hint any more, it gets the normal hint, which a layer names.
//
// The app's threads, the map watcher and the GC hook write it, the last inside V8's pause. So it
// has a separate lock, which guards nothing else and is held across that one call (about a
// microsecond); the registry's is never taken here.

#include <cstdint>
#include <mutex>

#include "channel/thread_key.h"
#include "kernel/status.h"

namespace schedhint {

class HintElement {
 public:
  static constexpr int32_t kNone = -1;  // no hint: 0 is one
  static constexpr uint32_t kValueSize = 32;

  explicit HintElement(int32_t normal) : normal_(normal) {}
  HintElement(const HintElement&) = delete;
  HintElement& operator=(const HintElement&) = delete;

  // The app's hint. With kNone a thread that has no element yet gets none.
  void Set(int32_t hint);
  // Stands in for the app's until the pause ends; kNone does not. Pauses that nest count as one.
  void EnterPause(int32_t hint);
  void LeavePause();

  // From now on the thread's element in this map is ours; both stay open until Unbind().
  schedhint_status Bind(int map_fd, const HeldThreadKey& thread);
  // Leaves the normal hint in it. The kernel frees the element when the thread ends.
  void Unbind();
  // -errno of the last change, or 0.
  int LastError();

 private:
  // What the element has to hold; kNone: there is no element, and none is needed.
  int32_t Wanted() const;
  int Write(int32_t hint);

  std::mutex mutex_;
  const int32_t normal_;
  int32_t app_ = kNone;
  int32_t pause_ = kNone;
  int32_t written_ = kNone;  // to this map
  int map_fd_ = -1;
  HeldThreadKey thread_;  // none: not bound
  int error_ = 0;
};

}  // namespace schedhint
