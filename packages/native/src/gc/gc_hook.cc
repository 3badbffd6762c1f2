#include "gc/gc_hook.h"

#include <schedhint/schedhint.h>

#include "channel/hint_element.h"
#include "gc/v8_gc_callbacks.h"
#include "kernel/monotonic_clock.h"

namespace schedhint {
namespace {

// v8::GCType
constexpr int kScavenge = 1;
constexpr int kMinorMarkSweep = 2;
constexpr int kMarkCompact = 4;
constexpr int kIncrementalStart = 8;
constexpr int kWeakCallbacks = 16;

// The gc word for what V8 has under way.
uint32_t GcWord(uint32_t kinds, bool cycle) {
  uint32_t word = kinds << SCHEDHINT_GC_RUNTIME_SHIFT;
  if (kinds & (kScavenge | kMinorMarkSweep)) word |= SCHEDHINT_GC_MINOR;
  if (kinds & kMarkCompact) word |= SCHEDHINT_GC_MAJOR;
  if (kinds & (kIncrementalStart | kWeakCallbacks)) word |= SCHEDHINT_GC_OTHER;
  return cycle ? word | SCHEDHINT_GC_CYCLE : word;
}

uint32_t MicrosecondsOf(uint64_t ns) {
  uint64_t us = (ns + 999) / 1000;  // up: 0 would mean that it is not known
  return us < UINT32_MAX ? static_cast<uint32_t>(us) : UINT32_MAX;
}

template <typename T>
T* At(uint8_t* block, uint32_t offset) {
  return reinterpret_cast<T*>(block + offset);
}

void Add(uint8_t* block, uint32_t offset, uint32_t difference) {
  __atomic_fetch_add(reinterpret_cast<uint32_t*>(block + offset), difference, __ATOMIC_RELAXED);
}

int IndexOf(int kind) {
  return kind > 0 && kind <= kAllGcKinds ? __builtin_ctz(kind) : 0;
}

}  // namespace

void GcHook::Target::SetTime(uint32_t offset, uint64_t ns) const {
  if (offset == SCHEDHINT_NOWHERE) return;
  __atomic_store_n(At<uint64_t>(thread, offset), ns, __ATOMIC_RELAXED);
}

void GcHook::Target::SetWord(uint32_t offset, uint32_t value) const {
  if (layout.wide) return SetTime(offset, value);
  if (offset == SCHEDHINT_NOWHERE) return;
  __atomic_store_n(At<uint32_t>(thread, offset), value, __ATOMIC_RELAXED);
}

void GcHook::Target::PublishWord(uint32_t offset, uint32_t value) const {
  if (offset == SCHEDHINT_NOWHERE) return;
  if (layout.wide) {
    __atomic_store_n(At<uint64_t>(thread, offset), value, __ATOMIC_RELEASE);
  } else {
    __atomic_store_n(At<uint32_t>(thread, offset), value, __ATOMIC_RELEASE);
  }
}

void GcHook::Target::SetBits(uint32_t offset, uint32_t bits) const {
  if (offset == SCHEDHINT_NOWHERE) return;
  if (layout.wide) {
    __atomic_fetch_or(At<uint64_t>(thread, offset), bits, __ATOMIC_RELAXED);
  } else {
    __atomic_fetch_or(At<uint32_t>(thread, offset), bits, __ATOMIC_RELAXED);
  }
}

void GcHook::Target::ClearBits(uint32_t offset, uint32_t bits) const {
  if (offset == SCHEDHINT_NOWHERE) return;
  if (layout.wide) {
    __atomic_fetch_and(At<uint64_t>(thread, offset), ~uint64_t{bits}, __ATOMIC_RELAXED);
  } else {
    __atomic_fetch_and(At<uint32_t>(thread, offset), ~bits, __ATOMIC_RELAXED);
  }
}

bool GcHook::Install() {
  if (isolate_ != nullptr) return true;
  isolate_ = IsolateWithGcCallbacks();
  if (isolate_ == nullptr) return false;
  cycle_ = false;  // not known: it may have ended since the hook was last installed
  AddPrologue(isolate_, OnPrologue, this, kAllGcKinds);
  AddEpilogue(isolate_, OnEpilogue, this, kAllGcKinds);
  return true;
}

void GcHook::Uninstall() {
  if (isolate_ == nullptr) return;
  RemovePrologue(isolate_, OnPrologue, this);
  RemoveEpilogue(isolate_, OnEpilogue, this);
  isolate_ = nullptr;
}

bool GcHook::Start(schedhint_binding* binding, uint8_t* thread_block, uint8_t* process_block,
                   HintElement* element, const schedhint_gc_layout& layout) {
  if (!Install()) return false;
  for (Target& known : targets_) {
    if (known.binding == binding) {
      known.starts++;
      return true;
    }
  }
  targets_.push_back({binding, 1, thread_block, process_block, element, layout});
  const Target& target = targets_.back();
  target.SetWord(layout.count, count_);
  target.SetBits(layout.flags, layout.live_flag);
  return true;
}

void GcHook::Stop(schedhint_binding* binding) {
  for (size_t i = 0; i < targets_.size(); i++) {
    if (targets_[i].binding != binding) continue;
    if (--targets_[i].starts == 0) Detach(i);
    return;
  }
}

void GcHook::Forget(schedhint_binding* binding) {
  for (size_t i = 0; i < targets_.size(); i++) {
    if (targets_[i].binding == binding) {
      Detach(i);
      return;
    }
  }
}

void GcHook::Detach(size_t index) {
  Target target = targets_[index];
  targets_.erase(targets_.begin() + static_cast<std::ptrdiff_t>(index));
  target.PublishWord(target.layout.gc, 0);
  target.ClearBits(target.layout.flags, target.layout.live_flag);
  if (target.element != nullptr) target.element->LeavePause();
  // A thread that goes inside a pause takes its share with it.
  if (depth_ > 0 && target.process != nullptr) Add(target.process, target.layout.process_count, -1);
  if (targets_.empty()) Uninstall();
}

void GcHook::OnPrologue(void*, int kind, int, void* hook) {
  static_cast<GcHook*>(hook)->Enter(kind);
}

void GcHook::OnEpilogue(void*, int kind, int, void* hook) {
  static_cast<GcHook*>(hook)->Leave(kind);
}

// Inside V8's pause: no allocation, no JavaScript, and no lock but an element's, which is held for
// one system call at most.
void GcHook::Enter(int kind) {
  bool outermost = depth_++ == 0;
  open_[IndexOf(kind)]++;
  kinds_ |= static_cast<uint32_t>(kind);
  if (outermost) {
    outermost_ = kind;
    since_ns_ = MonotonicNow(time_offset_);
  }
  uint32_t gc = GcWord(kinds_, cycle_);
  for (Target& target : targets_) {
    if (outermost) {
      target.SetTime(target.layout.since_ns, since_ns_);
      target.SetWord(target.layout.expect_us, MicrosecondsOf(expect_ns_[IndexOf(kind)]));
      if (target.process != nullptr) Add(target.process, target.layout.process_count, 1);
    }
    target.PublishWord(target.layout.gc, gc);
    if (outermost && target.element != nullptr) target.element->EnterPause(target.layout.hint);
  }
}

void GcHook::Leave(int kind) {
  if (depth_ == 0) return;  // installed inside a pause: its prologue was not ours
  if (open_[IndexOf(kind)] > 0 && --open_[IndexOf(kind)] == 0) {
    kinds_ &= ~static_cast<uint32_t>(kind);
  }
  bool outermost = --depth_ == 0;
  if (outermost) {
    kinds_ = 0;
    count_++;
    uint64_t took = MonotonicNow(time_offset_) - since_ns_;
    uint64_t& expect = expect_ns_[IndexOf(outermost_)];
    expect = expect == 0 ? took : expect - expect / 8 + took / 8;
  }
  // From the start of incremental marking to the end of the mark-compact.
  cycle_ = kind == kIncrementalStart || (cycle_ && kind != kMarkCompact);
  uint32_t gc = GcWord(kinds_, cycle_);
  for (Target& target : targets_) {
    if (outermost) target.SetWord(target.layout.count, count_);
    target.PublishWord(target.layout.gc, gc);
    if (!outermost) continue;
    if (target.process != nullptr) Add(target.process, target.layout.process_count, -1);
    if (target.element != nullptr) target.element->LeavePause();
  }
}

}  // namespace schedhint
