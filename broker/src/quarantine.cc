#include "quarantine.h"

#include "kernel/bpf_syscall.h"
#include "kernel/monotonic_clock.h"

namespace schedhint::broker {
namespace {

// Where membarrier(2) is refused, time alone must do.
constexpr uint64_t kHoldWithoutBarrierNs = 10000000000;

}  // namespace

void Quarantine::Put(std::vector<Pointer> pointers) {
  uint64_t now = MonotonicNow(0);
  for (Pointer& pointer : pointers) {
    std::shared_ptr<Memory> memory = std::move(pointer.memory_);
    if (memory->Wait(pointer.page_)) waiting_.push_back({now, std::move(memory), pointer.page_});
  }
}

void Quarantine::Reap() {
  uint64_t now = MonotonicNow(0);
  auto due = [&] { return !waiting_.empty() && waiting_.front().since_ns + hold_ns_ <= now; };
  if (due() && WaitForReaders() < 0) hold_ns_ = kHoldWithoutBarrierNs;
  while (due()) {
    Waiting first = std::move(waiting_.front());
    waiting_.pop_front();
    if (first.memory->EndWait(first.page)) continue;
    first.since_ns = now;
    waiting_.push_back(std::move(first));
  }
}

int Quarantine::Timeout() const {
  if (waiting_.empty()) return -1;
  uint64_t now = MonotonicNow(0);
  uint64_t due = waiting_.front().since_ns + hold_ns_;
  return due <= now ? 0 : static_cast<int>((due - now) / 1000000 + 1);
}

}  // namespace schedhint::broker
