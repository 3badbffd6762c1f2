#pragma once
// Closes descriptors of file systems that a client may serve itself: close(2) waits for a FUSE
// server's answer, for as long as it likes. So a separate thread does it, and what the descriptor
// came over stays counted until it has.

#include <deque>
#include <memory>
#include <mutex>
#include <vector>

#include "event_loop.h"

namespace schedhint::broker {

class DescriptorCloser final : public EventSource {
 public:
  // 0, or -errno.
  int Start(EventLoop* loop);
  // `held` is released, by the loop's thread, when the descriptor has been closed.
  void Close(Descriptor fd, std::shared_ptr<void> held);
  void OnReady(uint32_t events) override;

 private:
  struct Job {
    Descriptor fd;
    std::shared_ptr<void> held;
  };

  void Run();

  std::mutex mutex_;
  std::deque<Job> jobs_;
  std::vector<std::shared_ptr<void>> done_;
  Descriptor wake_;      // the thread waits for it
  Descriptor finished_;  // the loop waits for it
};

}  // namespace schedhint::broker
