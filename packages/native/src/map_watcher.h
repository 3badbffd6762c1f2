#pragma once
// A native thread that notices when pinned maps come, go, or are replaced, and when a broker has
// answered, so that a blocked event loop delays no binding. It also does the registry's timed
// chores.
//
// PinEvents tells it of changes; what they may miss it looks at once a second. It answers the first
// changes at once and then ten a second: a map that flaps costs next to nothing.

#include <atomic>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <vector>

#include "pin_events.h"

namespace schedhint {

// When to look for changes that no event will tell of.
enum class LookAgain { kNo, kInASecond, kAtOnce };

class MapWatcher {
 public:
  // All run on the watcher's thread. `look`: a map may have changed. `hear`: a socket may have
  // something. `chore`: do what is due, and return when to be called again (CLOCK_MONOTONIC ns), or
  // 0 when woken.
  MapWatcher(std::function<LookAgain()> look, std::function<LookAgain()> hear,
             std::function<uint64_t()> chore)
      : look_(std::move(look)), hear_(std::move(hear)), chore_(std::move(chore)) {}
  MapWatcher(const MapWatcher&) = delete;
  MapWatcher& operator=(const MapWatcher&) = delete;

  // Starts the thread with the first paths; false when it can't be had. It never stops: it is
  // leaked with the registry.
  bool Watch(std::vector<std::string> pins);
  // The chore has something to do.
  void Wake();
  // An epoll descriptor to which sockets can be added, or -1.
  int Sockets();

 private:
  bool Start();
  void Run();
  void PlaceWatches();
  struct Happened {
    bool nothing;
    bool woken;
    bool pins;
    bool socket;
  };
  Happened Wait(int timeout_ms);
  bool Drain();
  int Timeout(uint64_t now, uint64_t chore_due) const;

  std::function<LookAgain()> look_;
  std::function<LookAgain()> hear_;
  std::function<uint64_t()> chore_;
  std::mutex mutex_;
  std::vector<std::string> pins_;
  bool pins_changed_ = false;
  bool running_ = false;
  int wake_fd_ = -1;
  std::atomic<int> sockets_fd_{-1};
  // Of the watcher's thread alone.
  PinEvents events_;
  bool must_look_regularly_ = false;
};

}  // namespace schedhint
