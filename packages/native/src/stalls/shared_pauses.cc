#include "stalls/shared_pauses.h"

#include "gc/v8_gc_callbacks.h"
#include "kernel/monotonic_clock.h"

namespace schedhint {

bool SharedPauses::Start() {
  isolate_ = IsolateWithGcCallbacks();
  if (isolate_ == nullptr) return false;
  AddPrologue(isolate_, OnPrologue, this, kAllGcKinds);
  AddEpilogue(isolate_, OnEpilogue, this, kAllGcKinds);
  return true;
}

void SharedPauses::Stop() {
  if (isolate_ == nullptr) return;
  RemovePrologue(isolate_, OnPrologue, this);
  RemoveEpilogue(isolate_, OnEpilogue, this);
  isolate_ = nullptr;
}

// Inside V8's pause: no allocation, no JavaScript, no lock.
void SharedPauses::OnPrologue(void*, int, int, void* data) {
  SharedPauses* pauses = static_cast<SharedPauses*>(data);
  if (pauses->depth_++ > 0) return;
  __atomic_store_n(&pauses->words_->since_ns, static_cast<int64_t>(MonotonicNow(0)),
                   __ATOMIC_RELEASE);
}

void SharedPauses::OnEpilogue(void*, int, int, void* data) {
  SharedPauses* pauses = static_cast<SharedPauses*>(data);
  if (pauses->depth_ == 0) return;  // started inside a pause: its prologue was not ours
  if (--pauses->depth_ > 0) return;
  Words* words = pauses->words_;
  int64_t took_ns = static_cast<int64_t>(MonotonicNow(0)) - words->since_ns;
  __atomic_store_n(&words->total_ns, words->total_ns + took_ns, __ATOMIC_RELEASE);
  // Last: a reader that sees no pause sees the total with this one.
  __atomic_store_n(&words->since_ns, 0, __ATOMIC_RELEASE);
}

}  // namespace schedhint
