#pragma once
// Pages whose last element has been deleted or replaced. The kernel unpins them a while later
// (about 250 ms were measured on an idle 6.18), so they stay counted for a second at least, and
// then until every CPU has been seen quiescent.

#include <cstdint>
#include <deque>
#include <memory>
#include <vector>

#include "memory.h"

namespace schedhint::broker {

class Quarantine;

// A pointer, counted: one that an element has, or is about to get.
class Pointer {
 public:
  Pointer(std::shared_ptr<Memory> memory, uint32_t page)
      : memory_(std::move(memory)), page_(page) {}
  Pointer(Pointer&&) = default;
  Pointer& operator=(Pointer&&) = delete;
  ~Pointer() {
    if (memory_ != nullptr) memory_->Drop(page_);
  }

 private:
  friend class Quarantine;

  std::shared_ptr<Memory> memory_;
  uint32_t page_;
};

class Quarantine {
 public:
  explicit Quarantine(uint64_t hold_ns) : hold_ns_(hold_ns) {}
  // Of an element that is no more. However often a page gets and loses its last pointer, it waits
  // here once.
  void Put(std::vector<Pointer> pointers);
  // Stops counting what is unpinned by now. Takes milliseconds when there is something.
  void Reap();
  // Until there is something to reap, ms; -1: nothing is waiting.
  int Timeout() const;

 private:
  struct Waiting {
    uint64_t since_ns;
    std::shared_ptr<Memory> memory;
    uint32_t page;
  };

  std::deque<Waiting> waiting_;
  uint64_t hold_ns_;
};

}  // namespace schedhint::broker
