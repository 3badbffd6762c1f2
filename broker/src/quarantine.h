#pragma once
// Pins of elements that have been deleted or replaced. The kernel unpins their pages a while later
// (about 250 ms were measured on an idle 6.18), so they stay counted for a second at least, and
// then until every CPU has been seen quiescent.

#include <cstdint>
#include <deque>
#include <memory>
#include <vector>

#include "memory.h"

namespace schedhint::broker {

// A pointer in an element, counted.
class Pin {
 public:
  Pin(std::shared_ptr<Memory> memory, uint32_t page) : memory_(std::move(memory)), page_(page) {}
  Pin(Pin&&) = default;
  Pin& operator=(Pin&&) = delete;
  ~Pin() {
    if (memory_ != nullptr) memory_->Unpin(page_);
  }

 private:
  std::shared_ptr<Memory> memory_;
  uint32_t page_;
};

class Quarantine {
 public:
  explicit Quarantine(uint64_t hold_ns) : hold_ns_(hold_ns) {}
  void Put(std::vector<Pin> pins);
  // Stops counting what is unpinned by now. Takes milliseconds when there is something.
  void Reap();
  // Until there is something to reap, ms; -1: nothing is waiting.
  int Timeout() const;

 private:
  struct Batch {
    uint64_t since_ns;
    std::vector<Pin> pins;
  };

  std::deque<Batch> batches_;
  uint64_t hold_ns_;
};

}  // namespace schedhint::broker
