#pragma once
// A native thread that notices when pinned maps come, go, or are replaced, and when a broker has
// answered, so that a blocked event loop delays no binding. It also does the registry's timed
// chores. It lives only as long as there is something to do.
//
// It polls the pins instead of getting events: inotify instances are few (128 for all processes of
// a user), and each process would take one.

#include <cstdint>
#include <functional>
#include <mutex>

#include "watcher/look_pace.h"
#include "watcher/wake_up.h"

namespace schedhint {

class MapWatcher {
 public:
  // All run on the watcher's thread. `look`: a map may have changed. `hear`: a socket may have
  // something; whether to look. `chore`: do what is due, and return when to be called again
  // (CLOCK_MONOTONIC ns), or 0 when woken.
  MapWatcher(std::function<Outlook()> look, std::function<bool()> hear,
             std::function<uint64_t()> chore)
      : look_(std::move(look)), hear_(std::move(hear)), chore_(std::move(chore)) {}
  MapWatcher(const MapWatcher&) = delete;
  MapWatcher& operator=(const MapWatcher&) = delete;

  // What there is to look at has changed. Both start the thread if it does not run; false when it
  // can't be started. Then threads are bound when they attach, and blocks stay in quarantine.
  bool LookSoon();
  // The chore has something to do.
  bool Wake();

  // An epoll descriptor to which sockets can be added, or -errno.
  int Sockets() { return wake_up_.Sockets(); }
  // On the watcher's thread: there is no socket any more.
  void CloseSockets() { wake_up_.CloseSockets(); }

 private:
  bool IsAwake();
  void Run();
  void SetSlack(uint64_t ns);

  std::function<Outlook()> look_;
  std::function<bool()> hear_;
  std::function<uint64_t()> chore_;
  WakeUp wake_up_;
  std::mutex mutex_;
  bool is_running_ = false;
  bool has_work_ = false;  // since the thread has last begun a round
  bool looks_soon_ = false;
};

}  // namespace schedhint
