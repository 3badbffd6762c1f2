#pragma once
// Measures an isolate's collections: how long its pauses take, and what the thread uses during
// them.

#include <cstdint>

#include "stalls/thread_usage.h"

namespace schedhint {

class PauseClock {
 public:
  enum Kind { kMinor, kMajor, kOther, kKinds };

  struct Totals {
    uint64_t count[kKinds] = {};
    uint64_t ns[kKinds] = {};
    // During pauses. Run delay only of major ones: to read it takes 3 us, and a minor pause often
    // lasts no longer than 60.
    ThreadUsage used;
  };

  explicit PauseClock(const ThreadMeter* meter) : meter_(meter) {}
  PauseClock(const PauseClock&) = delete;
  PauseClock& operator=(const PauseClock&) = delete;

  // On the isolate's thread. False where V8 has no such callbacks.
  bool Start();
  void Stop();
  const Totals& totals() const { return totals_; }

 private:
  static void OnPrologue(void* isolate, int kind, int flags, void* clock);
  static void OnEpilogue(void* isolate, int kind, int flags, void* clock);
  void Enter(int kind);
  void Leave();
  ThreadUsage ReadMeter(ThreadMeter::CpuTime cpu_time) const;

  const ThreadMeter* meter_;
  void* isolate_ = nullptr;
  uint32_t depth_ = 0;  // pauses nest
  Kind outermost_ = kOther;
  uint64_t since_ns_ = 0;
  ThreadUsage before_;
  Totals totals_;
};

}  // namespace schedhint
