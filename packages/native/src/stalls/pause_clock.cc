#include "stalls/pause_clock.h"

#include "gc/v8_gc_callbacks.h"
#include "kernel/monotonic_clock.h"

namespace schedhint {
namespace {

PauseClock::Kind KindOf(int v8_kind) {
  constexpr int kMinorKinds = 1 | 2;  // scavenge, minor mark-sweep
  constexpr int kMarkCompact = 4;
  if (v8_kind & kMinorKinds) return PauseClock::kMinor;
  return v8_kind & kMarkCompact ? PauseClock::kMajor : PauseClock::kOther;
}

}  // namespace

bool PauseClock::Start() {
  isolate_ = IsolateWithGcCallbacks();
  if (isolate_ == nullptr) return false;
  AddPrologue(isolate_, OnPrologue, this, kAllGcKinds);
  AddEpilogue(isolate_, OnEpilogue, this, kAllGcKinds);
  return true;
}

void PauseClock::Stop() {
  if (isolate_ == nullptr) return;
  RemovePrologue(isolate_, OnPrologue, this);
  RemoveEpilogue(isolate_, OnEpilogue, this);
  isolate_ = nullptr;
}

void PauseClock::OnPrologue(void*, int kind, int, void* clock) {
  static_cast<PauseClock*>(clock)->Enter(kind);
}

void PauseClock::OnEpilogue(void*, int, int, void* clock) {
  static_cast<PauseClock*>(clock)->Leave();
}

ThreadUsage PauseClock::ReadMeter(ThreadMeter::CpuTime cpu_time) const {
  return outermost_ == kMajor ? meter_->Read(cpu_time) : meter_->ReadWithoutDelay(cpu_time);
}

// Inside V8's pause: no allocation, no JavaScript, no lock.
void PauseClock::Enter(int kind) {
  if (depth_++ > 0) return;
  outermost_ = KindOf(kind);
  before_ = ReadMeter(ThreadMeter::kFirst);
  since_ns_ = MonotonicNow(0);
}

void PauseClock::Leave() {
  if (depth_ == 0) return;  // started inside a pause: its prologue was not ours
  if (--depth_ > 0) return;
  totals_.ns[outermost_] += MonotonicNow(0) - since_ns_;
  totals_.used += ReadMeter(ThreadMeter::kLast) - before_;
  totals_.count[outermost_]++;
}

}  // namespace schedhint
