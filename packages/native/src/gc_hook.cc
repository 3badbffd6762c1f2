#include "gc_hook.h"

#include "hint_element.h"
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
T* At(uint8_t* block, uint32_t offset) {
  return reinterpret_cast<T*>(block + offset);
}

int IndexOf(int kind) {
  return kind > 0 && kind <= kAllKinds ? __builtin_ctz(kind) : 0;
}

}  // namespace

void GcHook::Target::SetTime(uint16_t offset, uint64_t ns) const {
  if (offset == kNowhere) return;
  __atomic_store_n(At<uint64_t>(thread, offset), ns, __ATOMIC_RELAXED);
}

void GcHook::Target::SetWord(uint16_t offset, uint32_t value) const {
  if (wide) return SetTime(offset, value);
  if (offset == kNowhere) return;
  __atomic_store_n(At<uint32_t>(thread, offset), value, __ATOMIC_RELAXED);
}

void GcHook::Target::PublishWord(uint16_t offset, uint32_t value) const {
  if (offset == kNowhere) return;
  if (wide) {
    __atomic_store_n(At<uint64_t>(thread, offset), value, __ATOMIC_RELEASE);
  } else {
    __atomic_store_n(At<uint32_t>(thread, offset), value, __ATOMIC_RELEASE);
  }
}

void GcHook::Target::SetBits(uint16_t offset, uint32_t bits) const {
  if (offset == kNowhere) return;
  if (wide) {
    __atomic_fetch_or(At<uint64_t>(thread, offset), bits, __ATOMIC_RELAXED);
  } else {
    __atomic_fetch_or(At<uint32_t>(thread, offset), bits, __ATOMIC_RELAXED);
  }
}

void GcHook::Target::ClearBits(uint16_t offset, uint32_t bits) const {
  if (offset == kNowhere) return;
  if (wide) {
    __atomic_fetch_and(At<uint64_t>(thread, offset), ~uint64_t{bits}, __ATOMIC_RELAXED);
  } else {
    __atomic_fetch_and(At<uint32_t>(thread, offset), ~bits, __ATOMIC_RELAXED);
  }
}

void GcHook::Target::Count(uint32_t difference) const {
  if (process_count != nullptr) __atomic_fetch_add(process_count, difference, __ATOMIC_RELAXED);
}

void GcHook::Target::Fetch() const {
  __builtin_prefetch(thread, 1);
  if (process_count != nullptr) __builtin_prefetch(process_count, 1);
}

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
                   HintElement* element, const schedhint_gc_layout& layout) {
  if (!Install()) return false;
  for (Target& known : targets_) {
    if (known.binding == binding) {
      known.starts++;
      return true;
    }
  }
  Target target;
  target.thread = thread_block;
  target.process_count =
      process_block == nullptr ? nullptr : At<uint32_t>(process_block, layout.process_count);
  target.element = element;
  target.binding = binding;
  target.starts = 1;
  target.hint = layout.hint;
  target.live_flag = layout.live_flag;
  target.cycle_flag = layout.cycle_flag;
  // A block has 4096 bytes at most, and SCHEDHINT_NOWHERE is cut to kNowhere.
  target.gc = static_cast<uint16_t>(layout.gc);
  target.count = static_cast<uint16_t>(layout.count);
  target.since_ns = static_cast<uint16_t>(layout.since_ns);
  target.expect_ns = static_cast<uint16_t>(layout.expect_ns);
  target.flags = static_cast<uint16_t>(layout.flags);
  target.wide = layout.wide != 0;
  target.SetWord(target.count, count_);
  target.SetBits(target.flags, target.live_flag);
  targets_.push_back(target);
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
  target.PublishWord(target.gc, 0);
  target.ClearBits(target.flags, target.live_flag | target.cycle_flag);
  if (target.element != nullptr) target.element->LeavePause();
  // A thread that goes inside a pause takes its share with it.
  if (depth_ > 0) target.Count(-1);
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
  gc_ |= static_cast<uint32_t>(kind);
  if (outermost) {
    for (const Target& target : targets_) target.Fetch();
    outermost_ = kind;
    since_ns_ = MonotonicNow(time_offset_);
  }
  for (const Target& target : targets_) {
    if (outermost) {
      target.SetTime(target.since_ns, since_ns_);
      target.SetTime(target.expect_ns, expect_ns_[IndexOf(kind)]);
      target.Count(1);
    }
    target.PublishWord(target.gc, gc_);
    if (outermost && target.element != nullptr) target.element->EnterPause(target.hint);
  }
}

void GcHook::Leave(int kind) {
  if (depth_ == 0) return;  // installed inside a pause: its prologue was not ours
  if (open_[IndexOf(kind)] > 0 && --open_[IndexOf(kind)] == 0) gc_ &= ~static_cast<uint32_t>(kind);
  bool outermost = --depth_ == 0;
  if (outermost) {
    for (const Target& target : targets_) target.Fetch();
    gc_ = 0;
    count_++;
    uint64_t took = MonotonicNow(time_offset_) - since_ns_;
    uint64_t& expect = expect_ns_[IndexOf(outermost_)];
    expect = expect == 0 ? took : expect - expect / 8 + took / 8;
  }
  bool cycle = kind == kIncrementalStart || (cycle_ && kind != kMarkCompact);
  for (const Target& target : targets_) {
    if (outermost) target.SetWord(target.count, count_);
    if (cycle && !cycle_) target.SetBits(target.flags, target.cycle_flag);
    if (!cycle && cycle_) target.ClearBits(target.flags, target.cycle_flag);
    target.PublishWord(target.gc, gc_);
    if (!outermost) continue;
    target.Count(-1);
    if (target.element != nullptr) target.element->LeavePause();
  }
  cycle_ = cycle;
}

}  // namespace schedhint
