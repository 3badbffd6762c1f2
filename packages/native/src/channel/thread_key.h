#pragma once
// A descriptor of one thread of this process (a pidfd): the key of its elements in every map.
//
// It is kept for as long as the thread is bound. A process that has run out of descriptors could
// not open one to delete an element, and the element would go on pointing to blocks that are given
// to another thread.

#include <sys/types.h>

#include <atomic>
#include <cstdint>

#include "memory/from_slab.h"
#include "memory/held.h"

namespace schedhint {

class ThreadKey : public FromSlab<ThreadKey> {
 public:
  // `tid` must be of a thread that has not ended.
  explicit ThreadKey(pid_t tid) : tid_(tid) {}
  ~ThreadKey();
  ThreadKey(const ThreadKey&) = delete;
  ThreadKey& operator=(const ThreadKey&) = delete;

  pid_t tid() const { return tid_; }
  // The descriptor, or -errno. Opens it the first time, and again if the application has closed it
  // behind our back.
  int Descriptor();
  // The same without a check, at any moment and from any thread; -1: not open.
  int last_descriptor() const { return fd_; }
  bool HasEnded();

 private:
  friend class Held<ThreadKey>;

  bool IsOurs() const;

  uint32_t holders_ = 0;
  pid_t tid_;
  std::atomic<int> fd_{-1};
  ino_t inode_ = 0;  // unique to the thread's pidfds (Linux 6.9)
};

using HeldThreadKey = Held<ThreadKey>;

}  // namespace schedhint
