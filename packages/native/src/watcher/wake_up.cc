#include "watcher/wake_up.h"

#include <errno.h>
#include <linux/futex.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>

#include "kernel/monotonic_clock.h"

namespace schedhint {
namespace {

constexpr uint64_t kSecond = 1000000000;

}  // namespace

void WakeUp::Wake() {
  woken_ = 1;
  syscall(SYS_futex, &woken_, FUTEX_WAKE_PRIVATE, 1, nullptr, nullptr, 0);
  std::lock_guard<std::mutex> lock(mutex_);
  uint64_t one = 1;
  if (event_fd_ >= 0) (void)!write(event_fd_, &one, sizeof(one));
}

bool WakeUp::WaitUntil(uint64_t due_ns) {
  uint64_t now = MonotonicNow(0);
  uint64_t most_ns = due_ns > now ? due_ns - now : 0;
  int epoll_fd = epoll_fd_;
  bool heard = false;
  if (epoll_fd >= 0) {
    heard = WaitForSockets(epoll_fd, woken_ == 0 ? most_ns : 0);
  } else if (most_ns > 0) {
    WaitForWord(most_ns);
  }
  woken_ = 0;
  return heard;
}

// A condition variable would do, had glibc 2.28 one that waits on this clock for a duration.
void WakeUp::WaitForWord(uint64_t most_ns) {
  timespec most = {static_cast<time_t>(most_ns / kSecond), static_cast<long>(most_ns % kSecond)};
  syscall(SYS_futex, &woken_, FUTEX_WAIT_PRIVATE, 0, &most, nullptr, 0);
}

bool WakeUp::WaitForSockets(int epoll_fd, uint64_t most_ns) {
  epoll_event events[8];
  int timeout_ms = static_cast<int>(std::min<uint64_t>(most_ns / 1000000 + (most_ns > 0), 60000));
  int count = epoll_wait(epoll_fd, events, 8, timeout_ms);
  if (count < 0) {
    // The app has closed it behind our back: do not turn on the spot.
    if (errno != EINTR && most_ns > 0) WaitForWord(std::min(most_ns, kSecond));
    return errno != EINTR;
  }
  bool heard = false;
  for (int i = 0; i < count; i++) {
    if (events[i].data.ptr != this) {
      heard = true;
      continue;
    }
    std::lock_guard<std::mutex> lock(mutex_);
    uint64_t times;
    if (event_fd_ >= 0) (void)!read(event_fd_, &times, sizeof(times));
  }
  return heard;
}

int WakeUp::Sockets() {
  std::lock_guard<std::mutex> lock(mutex_);
  if (epoll_fd_ >= 0) return epoll_fd_;
  int event_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (event_fd < 0) return -errno;
  int epoll_fd = epoll_create1(EPOLL_CLOEXEC);
  epoll_event event = {};
  event.events = EPOLLIN;
  event.data.ptr = this;
  if (epoll_fd < 0 || epoll_ctl(epoll_fd, EPOLL_CTL_ADD, event_fd, &event) != 0) {
    int error = -errno;
    if (epoll_fd >= 0) close(epoll_fd);
    close(event_fd);
    return error;
  }
  event_fd_ = event_fd;
  epoll_fd_ = epoll_fd;
  // If the thread waits already it does so without them.
  woken_ = 1;
  syscall(SYS_futex, &woken_, FUTEX_WAKE_PRIVATE, 1, nullptr, nullptr, 0);
  return epoll_fd;
}

void WakeUp::CloseSockets() {
  std::lock_guard<std::mutex> lock(mutex_);
  if (epoll_fd_ < 0) return;
  close(epoll_fd_);
  close(event_fd_);
  epoll_fd_ = event_fd_ = -1;
}

}  // namespace schedhint
