#include "gc_hook.h"

#include "monotonic_clock.h"

extern "C" {
// v8::Isolate's members under their mangled names, the same in V8 10.2 (Node.js 18) to 14.6 (26).
using V8GcCallback = void (*)(void* isolate, int kind, int flags, void* data);
__attribute__((weak)) void* _ZN2v87Isolate13TryGetCurrentEv();
__attribute__((weak)) void
_ZN2v87Isolate21AddGCPrologueCallbackEPFvPS0_NS_6GCTypeENS_15GCCallbackFlagsEPvES4_S2_(
    void* isolate, V8GcCallback, void* data, int kinds);
__attribute__((weak)) void
_ZN2v87Isolate21AddGCEpilogueCallbackEPFvPS0_NS_6GCTypeENS_15GCCallbackFlagsEPvES4_S2_(
    void* isolate, V8GcCallback, void* data, int kinds);
__attribute__((weak)) void
_ZN2v87Isolate24RemoveGCPrologueCallbackEPFvPS0_NS_6GCTypeENS_15GCCallbackFlagsEPvES4_(
    void* isolate, V8GcCallback, void* data);
__attribute__((weak)) void
_ZN2v87Isolate24RemoveGCEpilogueCallbackEPFvPS0_NS_6GCTypeENS_15GCCallbackFlagsEPvES4_(
    void* isolate, V8GcCallback, void* data);
}

namespace schedhint {
namespace {

constexpr auto CurrentIsolate = _ZN2v87Isolate13TryGetCurrentEv;
constexpr auto AddPrologue =
    _ZN2v87Isolate21AddGCPrologueCallbackEPFvPS0_NS_6GCTypeENS_15GCCallbackFlagsEPvES4_S2_;
constexpr auto AddEpilogue =
    _ZN2v87Isolate21AddGCEpilogueCallbackEPFvPS0_NS_6GCTypeENS_15GCCallbackFlagsEPvES4_S2_;
constexpr auto RemovePrologue =
    _ZN2v87Isolate24RemoveGCPrologueCallbackEPFvPS0_NS_6GCTypeENS_15GCCallbackFlagsEPvES4_;
constexpr auto RemoveEpilogue =
    _ZN2v87Isolate24RemoveGCEpilogueCallbackEPFvPS0_NS_6GCTypeENS_15GCCallbackFlagsEPvES4_;

// v8::GCType
constexpr int kMarkCompact = 4;
constexpr int kIncrementalStart = 8;
constexpr int kAllKinds = 31;

template <typename T>
void Store(uint8_t* block, uint32_t offset, T value) {
  __atomic_store_n(reinterpret_cast<T*>(block + offset), value, __ATOMIC_RELAXED);
}

// Whoever sees this value sees the stores before it.
void Publish(uint8_t* block, uint32_t offset, uint32_t value) {
  __atomic_store_n(reinterpret_cast<uint32_t*>(block + offset), value, __ATOMIC_RELEASE);
}

void SetBits(uint8_t* block, uint32_t offset, uint32_t bits) {
  __atomic_fetch_or(reinterpret_cast<uint32_t*>(block + offset), bits, __ATOMIC_RELAXED);
}

void ClearBits(uint8_t* block, uint32_t offset, uint32_t bits) {
  __atomic_fetch_and(reinterpret_cast<uint32_t*>(block + offset), ~bits, __ATOMIC_RELAXED);
}

void Add(uint8_t* block, uint32_t offset, uint32_t difference) {
  __atomic_fetch_add(reinterpret_cast<uint32_t*>(block + offset), difference, __ATOMIC_RELAXED);
}

int IndexOf(int kind) {
  return kind > 0 && kind <= kAllKinds ? __builtin_ctz(kind) : 0;
}

}  // namespace

bool GcHook::Install() {
  if (isolate_ != nullptr) return true;
  if (CurrentIsolate == nullptr || AddPrologue == nullptr || AddEpilogue == nullptr ||
      RemovePrologue == nullptr || RemoveEpilogue == nullptr) {
    return false;
  }
  isolate_ = CurrentIsolate();
  if (isolate_ == nullptr) return false;
  AddPrologue(isolate_, OnPrologue, this, kAllKinds);
  AddEpilogue(isolate_, OnEpilogue, this, kAllKinds);
  return true;
}

void GcHook::Uninstall() {
  if (isolate_ == nullptr) return;
  RemovePrologue(isolate_, OnPrologue, this);
  RemoveEpilogue(isolate_, OnEpilogue, this);
  isolate_ = nullptr;
}

bool GcHook::Start(schedhint_binding* binding, uint8_t* thread_block, uint8_t* process_block,
                   const schedhint_gc_layout& layout) {
  if (!Install()) return false;
  for (Target& target : targets_) {
    if (target.binding == binding) {
      target.starts++;
      return true;
    }
  }
  targets_.push_back({binding, 1, thread_block, process_block, layout});
  Store(thread_block, layout.count, count_);
  SetBits(thread_block, layout.flags, layout.live_flag);
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
  Publish(target.thread, target.layout.gc, 0);
  ClearBits(target.thread, target.layout.flags, target.layout.live_flag | target.layout.cycle_flag);
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

// Inside V8's pause: no allocation, no lock, no JavaScript.
void GcHook::Enter(int kind) {
  bool outermost = depth_++ == 0;
  open_[IndexOf(kind)]++;
  gc_ |= static_cast<uint32_t>(kind);
  if (outermost) {
    outermost_ = kind;
    since_ns_ = MonotonicNow(time_offset_);
  }
  for (Target& target : targets_) {
    if (outermost) {
      Store(target.thread, target.layout.since_ns, since_ns_);
      Store(target.thread, target.layout.expect_ns, expect_ns_[IndexOf(kind)]);
      if (target.process != nullptr) Add(target.process, target.layout.process_count, 1);
    }
    Publish(target.thread, target.layout.gc, gc_);
  }
}

void GcHook::Leave(int kind) {
  if (depth_ == 0) return;  // installed inside a pause: its prologue was not ours
  if (open_[IndexOf(kind)] > 0 && --open_[IndexOf(kind)] == 0) gc_ &= ~static_cast<uint32_t>(kind);
  bool outermost = --depth_ == 0;
  if (outermost) {
    gc_ = 0;
    count_++;
    uint64_t took = MonotonicNow(time_offset_) - since_ns_;
    uint64_t& expect = expect_ns_[IndexOf(outermost_)];
    expect = expect == 0 ? took : expect - expect / 8 + took / 8;
  }
  bool cycle = kind == kIncrementalStart || (cycle_ && kind != kMarkCompact);
  for (Target& target : targets_) {
    if (outermost) Store(target.thread, target.layout.count, count_);
    if (cycle && !cycle_) SetBits(target.thread, target.layout.flags, target.layout.cycle_flag);
    if (!cycle && cycle_) ClearBits(target.thread, target.layout.flags, target.layout.cycle_flag);
    Publish(target.thread, target.layout.gc, gc_);
    if (outermost && target.process != nullptr) {
      Add(target.process, target.layout.process_count, -1);
    }
  }
  cycle_ = cycle;
}

}  // namespace schedhint
