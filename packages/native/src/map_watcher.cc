#include "map_watcher.h"

#include <poll.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>

#include "monotonic_clock.h"
#include "native_thread.h"

namespace schedhint {
namespace {

constexpr uint64_t kSecond = 1000000000;
constexpr uint64_t kLookEvery = kSecond;  // where the kernel can't tell us
// Looks are paid from a bucket that refills ten times a second.
constexpr uint64_t kLookCost = kSecond / 10;
constexpr uint64_t kLooksAtOnce = 8;

}  // namespace

bool MapWatcher::Watch(std::vector<std::string> pins) {
  std::lock_guard<std::mutex> lock(mutex_);
  pins_ = std::move(pins);
  pins_changed_ = true;
  if (!running_) running_ = Start();
  Wake();
  return running_;
}

void MapWatcher::Wake() {
  uint64_t one = 1;
  if (wake_fd_ >= 0) (void)!write(wake_fd_, &one, sizeof(one));
}

int MapWatcher::Sockets() {
  std::lock_guard<std::mutex> lock(mutex_);
  if (sockets_fd_ < 0) {
    sockets_fd_ = epoll_create1(EPOLL_CLOEXEC);
    Wake();
  }
  return sockets_fd_;
}

// Without the thread, threads are bound when they attach, and blocks stay in quarantine. Without
// the eventfd (no descriptor is left) nobody can wake it, so it looks once a second.
bool MapWatcher::Start() {
  if (wake_fd_ < 0) wake_fd_ = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  return StartNativeThread(
      "schedhint-watch", [](void* watcher) { static_cast<MapWatcher*>(watcher)->Run(); }, this);
}

void MapWatcher::Run() {
  events_.Open();
  uint64_t paid_until = 0;  // the bucket is full when this is kLooksAtOnce looks ago
  bool wants_look = true;
  for (;;) {
    uint64_t chore_due = chore_();
    uint64_t now = MonotonicNow(0);
    if (wants_look && now + kLooksAtOnce * kLookCost >= paid_until + kLookCost) {
      paid_until = std::max(now, paid_until) + kLookCost;
      wants_look = false;
      PlaceWatches();
      must_look_regularly_ |= look_() == LookAgain::kInASecond;
      now = MonotonicNow(0);
    }
    if (wants_look) {
      // The bucket is empty: not even events wake us before there is something in it again.
      uint64_t refilled = paid_until + kLookCost - kLooksAtOnce * kLookCost;
      poll(nullptr, 0, static_cast<int>((refilled - now) / 1000000 + 1));
      continue;
    }
    Happened happened = Wait(Timeout(now, chore_due));
    if (happened.nothing && must_look_regularly_) wants_look = true;
    if (happened.woken) wants_look |= Drain();
    if (happened.socket) {
      LookAgain again = hear_();
      wants_look |= again == LookAgain::kAtOnce;
      must_look_regularly_ |= again == LookAgain::kInASecond;
    }
    wants_look |= happened.pins;
  }
}

MapWatcher::Happened MapWatcher::Wait(int timeout_ms) {
  pollfd fds[] = {{wake_fd_, POLLIN, 0},
                  {events_.inotify_fd(), POLLIN, 0},
                  {events_.mounts_fd(), POLLPRI, 0},
                  {sockets_fd_, POLLIN, 0}};
  int ready = poll(fds, 4, timeout_ms);
  if (ready < 0) {
    // The limit of descriptors has been set below four: anything may have happened.
    poll(nullptr, 0, static_cast<int>(kLookEvery / 1000000));
    return {false, true, true, true};
  }
  return {ready == 0, fds[0].revents != 0, fds[1].revents != 0 || fds[2].revents != 0,
          fds[3].revents != 0};
}

// Empties the eventfd; true when the pins have changed.
bool MapWatcher::Drain() {
  uint64_t count;
  (void)!read(wake_fd_, &count, sizeof(count));
  std::lock_guard<std::mutex> lock(mutex_);
  return pins_changed_;
}

int MapWatcher::Timeout(uint64_t now, uint64_t chore_due) const {
  uint64_t until = chore_due;
  if (must_look_regularly_ && (until == 0 || until > now + kLookEvery)) until = now + kLookEvery;
  if (until == 0) return -1;
  return until <= now ? 0 : static_cast<int>((until - now) / 1000000 + 1);
}

void MapWatcher::PlaceWatches() {
  std::vector<std::string> pins;
  {
    std::lock_guard<std::mutex> lock(mutex_);
    pins = pins_;
    pins_changed_ = false;
  }
  events_.Watch(pins);
  must_look_regularly_ = events_.must_look_regularly() || wake_fd_ < 0;
}

}  // namespace schedhint
