#pragma once
// A map that this process has opened. It stays open while anybody holds it.

#include <cstdint>

#include "kernel/bpf_syscall.h"
#include "memory/held.h"

namespace schedhint {

class OpenMap {
 public:
  OpenMap(int fd, uint32_t id) : fd_(fd), id_(id) {}
  ~OpenMap() { CloseDescriptor(fd_); }
  OpenMap(const OpenMap&) = delete;
  OpenMap& operator=(const OpenMap&) = delete;

  int descriptor() const { return fd_; }
  uint32_t id() const { return id_; }

 private:
  friend class Held<OpenMap>;

  uint32_t holders_ = 0;
  int fd_;
  uint32_t id_;
};

using HeldMap = Held<OpenMap>;

}  // namespace schedhint
