#pragma once
// V8's callbacks around a collection, by names that V8's headers are not needed for. Weak: null in
// a runtime that does not export them.

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

constexpr auto CurrentIsolate = _ZN2v87Isolate13TryGetCurrentEv;
constexpr auto AddPrologue =
    _ZN2v87Isolate21AddGCPrologueCallbackEPFvPS0_NS_6GCTypeENS_15GCCallbackFlagsEPvES4_S2_;
constexpr auto AddEpilogue =
    _ZN2v87Isolate21AddGCEpilogueCallbackEPFvPS0_NS_6GCTypeENS_15GCCallbackFlagsEPvES4_S2_;
constexpr auto RemovePrologue =
    _ZN2v87Isolate24RemoveGCPrologueCallbackEPFvPS0_NS_6GCTypeENS_15GCCallbackFlagsEPvES4_;
constexpr auto RemoveEpilogue =
    _ZN2v87Isolate24RemoveGCEpilogueCallbackEPFvPS0_NS_6GCTypeENS_15GCCallbackFlagsEPvES4_;

constexpr int kAllGcKinds = 31;  // v8::GCType has five bits

// The calling thread's isolate; null: it has no isolate, or V8 lacks one of the functions.
inline void* IsolateWithGcCallbacks() {
  if (CurrentIsolate == nullptr || AddPrologue == nullptr || AddEpilogue == nullptr ||
      RemovePrologue == nullptr || RemoveEpilogue == nullptr) {
    return nullptr;
  }
  return CurrentIsolate();
}

}  // namespace schedhint
