#pragma once
// Waits for descriptors with epoll and dispatches their events, on one thread.

#include <sys/epoll.h>

#include <cstdint>

#include "descriptor.h"

namespace schedhint::broker {

class EventSource {
 public:
  virtual void OnReady(uint32_t events) = 0;

 protected:
  ~EventSource() = default;
};

class EventLoop {
 public:
  bool Open();
  // 0, or -errno. Remove it before the descriptor is closed or the source ends.
  int Add(int fd, uint32_t events, EventSource* source);
  // For a descriptor that was added with EPOLLONESHOT and has fired once.
  void Rearm(int fd, uint32_t events, EventSource* source);
  void Remove(int fd, EventSource* source);
  // Calls the sources whose descriptors are ready. -1: waits for as long as it takes.
  void RunOnce(int timeout_ms);

 private:
  static constexpr int kBatch = 64;

  Descriptor epoll_;
  epoll_event ready_[kBatch];
  int ready_count_ = 0;
};

}  // namespace schedhint::broker
