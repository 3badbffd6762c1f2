#include "watcher/map_watcher.h"

#include <sys/prctl.h>

#include <algorithm>
#include <utility>

#include "kernel/monotonic_clock.h"
#include "kernel/native_thread.h"

namespace schedhint {

bool MapWatcher::LookSoon() {
  std::lock_guard<std::mutex> lock(mutex_);
  looks_soon_ = true;
  return IsAwake();
}

bool MapWatcher::Wake() {
  std::lock_guard<std::mutex> lock(mutex_);
  return IsAwake();
}

bool MapWatcher::IsAwake() {
  has_work_ = true;
  if (is_running_) {
    wake_up_.Wake();
  } else {
    is_running_ = StartNativeThread(
        "schedhint-watch", [](void* watcher) { static_cast<MapWatcher*>(watcher)->Run(); }, this);
  }
  return is_running_;
}

void MapWatcher::Run() {
  LookPace pace;
  uint64_t chore_due = 0;
  for (;;) {
    bool looks_soon;
    {
      std::lock_guard<std::mutex> lock(mutex_);
      bool has_work = std::exchange(has_work_, false);
      looks_soon = std::exchange(looks_soon_, false);
      if (!has_work && chore_due == 0 && pace.due_ns() == 0) {
        is_running_ = false;
        return;
      }
    }
    uint64_t now = MonotonicNow(0);
    if (looks_soon) pace.Soon(now);
    if (pace.IsDue(now)) {
      Outlook outlook = look_();
      pace.Looked(MonotonicNow(0), outlook);
    }
    chore_due = chore_();
    uint64_t due = pace.due_ns();
    if (due == 0 || (chore_due != 0 && chore_due < due)) due = chore_due;
    if (due == 0) continue;
    SetSlack(pace.slack_ns());
    if (wake_up_.WaitUntil(due) && hear_()) pace.Soon(MonotonicNow(0));
  }
}

// Sets the timer slack, so that the kernel wakes many processes' watchers together.
void MapWatcher::SetSlack(uint64_t ns) {
  constexpr uint64_t kMostNs = 50000000;
  prctl(PR_SET_TIMERSLACK, std::min(ns, kMostNs));
}

}  // namespace schedhint
