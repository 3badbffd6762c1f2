#pragma once
// Blocks the watcher's thread until a time, a wake-up from another thread or, while there is a
// connection to a broker, data from it. Only with a connection does it need descriptors.

#include <atomic>
#include <cstdint>
#include <mutex>

namespace schedhint {

class WakeUp {
 public:
  // On the thread. Until a time (CLOCK_MONOTONIC ns), or Wake(). True: a socket has something.
  bool WaitUntil(uint64_t due_ns);
  // From any thread; if no thread waits, the next wait ends immediately.
  void Wake();

  // An epoll descriptor to which sockets can be added, or -errno.
  int Sockets();
  // On the thread: there is no socket any more.
  void CloseSockets();

 private:
  void WaitForWord(uint64_t most_ns);
  bool WaitForSockets(int epoll_fd, uint64_t most_ns);

  std::atomic<uint32_t> woken_{0};
  std::mutex mutex_;  // of the event's descriptor: it must not be written to once it is closed
  int event_fd_ = -1;
  std::atomic<int> epoll_fd_{-1};
};

}  // namespace schedhint
