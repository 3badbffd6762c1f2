#pragma once
// When to look at the pins: soon after a change, since a scheduler that restarts changes them
// again, and ever more rarely while nothing happens. A map that flaps is looked at ten times a
// second.

#include <algorithm>
#include <cstdint>

namespace schedhint {

// The result of a look.
struct Outlook {
  bool has_changed = false;
  uint64_t rarest_ns = 0;  // the longest that may pass until the next look; 0: none is needed
};

// All times are CLOCK_MONOTONIC ns.
class LookPace {
 public:
  // When the next look is due; 0: never.
  uint64_t due_ns() const { return due_ns_; }
  bool IsDue(uint64_t now) const { return due_ns_ != 0 && due_ns_ <= now; }

  // Something has changed, or will soon.
  void Soon(uint64_t now) {
    interval_ns_ = kShortestNs / 2;
    due_ns_ = std::max(now, NotBefore());
  }

  void Looked(uint64_t now, const Outlook& outlook) {
    if (outlook.rarest_ns == 0) {
      due_ns_ = 0;
      return;
    }
    if (outlook.has_changed) paid_until_ns_ = std::max(now, paid_until_ns_) + kChangeCostNs;
    interval_ns_ = outlook.has_changed ? kShortestNs : 2 * interval_ns_;
    interval_ns_ = std::min(interval_ns_, outlook.rarest_ns);
    due_ns_ = std::max(now + interval_ns_, NotBefore());
  }

  // How far off the next look may be, of how long it is away.
  uint64_t slack_ns() const { return interval_ns_ / 20; }

 private:
  static constexpr uint64_t kSecondNs = 1000000000;
  static constexpr uint64_t kShortestNs = kSecondNs / 100;
  // Changes are paid from a bucket that refills ten times a second.
  static constexpr uint64_t kChangeCostNs = kSecondNs / 10;
  static constexpr uint64_t kChangesAtOnce = 8;

  // The bucket is full when `paid_until_ns_` is kChangesAtOnce changes ago.
  uint64_t NotBefore() const {
    uint64_t full = (kChangesAtOnce - 1) * kChangeCostNs;
    return paid_until_ns_ > full ? paid_until_ns_ - full : 0;
  }

  uint64_t interval_ns_ = kShortestNs;
  uint64_t due_ns_ = 0;
  uint64_t paid_until_ns_ = 0;
};

}  // namespace schedhint
