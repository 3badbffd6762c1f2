#include "event_loop.h"

#include <errno.h>

namespace schedhint::broker {

bool EventLoop::Open() {
  epoll_.Reset(epoll_create1(EPOLL_CLOEXEC));
  return epoll_.is_open();
}

int EventLoop::Add(int fd, uint32_t events, EventSource* source) {
  epoll_event event = {};
  event.events = events;
  event.data.ptr = source;
  return epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event) != 0 ? -errno : 0;
}

void EventLoop::Rearm(int fd, uint32_t events, EventSource* source) {
  epoll_event event = {};
  event.events = events;
  event.data.ptr = source;
  epoll_ctl(epoll_.get(), EPOLL_CTL_MOD, fd, &event);
}

void EventLoop::Remove(int fd, EventSource* source) {
  epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, fd, nullptr);
  // RunOnce() may still have an event of this source to dispatch.
  for (int i = 0; i < ready_count_; i++) {
    if (ready_[i].data.ptr == source) ready_[i].data.ptr = nullptr;
  }
}

void EventLoop::RunOnce(int timeout_ms) {
  ready_count_ = epoll_wait(epoll_.get(), ready_, kBatch, timeout_ms);
  for (int i = 0; i < ready_count_; i++) {
    auto* source = static_cast<EventSource*>(ready_[i].data.ptr);
    if (source != nullptr) source->OnReady(ready_[i].events);
  }
  ready_count_ = 0;
}

}  // namespace schedhint::broker
