#include "quarantine.h"

#include "kernel/bpf_syscall.h"
#include "kernel/monotonic_clock.h"

namespace schedhint::broker {
namespace {

// Where membarrier(2) is refused, time alone must do.
constexpr uint64_t kHoldWithoutBarrierNs = 10000000000;

}  // namespace

void Quarantine::Put(std::vector<Pin> pins) {
  if (!pins.empty()) batches_.push_back({MonotonicNow(0), std::move(pins)});
}

void Quarantine::Reap() {
  uint64_t now = MonotonicNow(0);
  auto due = [&] { return !batches_.empty() && batches_.front().since_ns + hold_ns_ <= now; };
  if (due() && WaitForReaders() < 0) hold_ns_ = kHoldWithoutBarrierNs;
  while (due()) batches_.pop_front();
}

int Quarantine::Timeout() const {
  if (batches_.empty()) return -1;
  uint64_t now = MonotonicNow(0);
  uint64_t due = batches_.front().since_ns + hold_ns_;
  return due <= now ? 0 : static_cast<int>((due - now) / 1000000 + 1);
}

}  // namespace schedhint::broker
