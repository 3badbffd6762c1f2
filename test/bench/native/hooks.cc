// The addon's own GC hook, so often that what one costs shows in a collection; and one that does
// nothing, which is what V8 itself takes for it.

#include <memory>
#include <vector>

#include "bench.h"
#include "gc_hook.h"

extern "C" {
// As gc_hook.cc has them.
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

namespace {

using schedhint::GcHook;

// Offsets of the standard block, packages/native/include/schedhint/schedhint.h.
constexpr schedhint_gc_layout kLayout = {0, 8, 12, 16, 24, 60, 1, 4, 1, 4, -1, 0};
constexpr int kAllKinds = 31;

struct Hooked {
  alignas(128) uint8_t thread[128] = {};
  alignas(64) uint8_t process[64] = {};
  GcHook hook{0};
};

std::vector<std::unique_ptr<Hooked>> hooked;
std::vector<std::unique_ptr<int>> empty;

void DoNothing(void*, int, int, void*) {}

}  // namespace

int64_t install_hooks(uint32_t count) {
  for (auto& one : hooked) one->hook.Uninstall();
  hooked.clear();
  for (uint32_t i = 0; i < count; i++) {
    hooked.push_back(std::make_unique<Hooked>());
    Hooked& one = *hooked.back();
    if (!one.hook.Start(nullptr, one.thread, one.process, nullptr, kLayout)) return -1;
  }
  return count;
}

int64_t install_empty_hooks(uint32_t count) {
  if (_ZN2v87Isolate13TryGetCurrentEv == nullptr) return -1;
  void* isolate = _ZN2v87Isolate13TryGetCurrentEv();
  for (auto& one : empty) {
    _ZN2v87Isolate24RemoveGCPrologueCallbackEPFvPS0_NS_6GCTypeENS_15GCCallbackFlagsEPvES4_(
        isolate, DoNothing, one.get());
    _ZN2v87Isolate24RemoveGCEpilogueCallbackEPFvPS0_NS_6GCTypeENS_15GCCallbackFlagsEPvES4_(
        isolate, DoNothing, one.get());
  }
  empty.clear();
  for (uint32_t i = 0; i < count; i++) {
    empty.push_back(std::make_unique<int>());
    void* data = empty.back().get();
    _ZN2v87Isolate21AddGCPrologueCallbackEPFvPS0_NS_6GCTypeENS_15GCCallbackFlagsEPvES4_S2_(
        isolate, DoNothing, data, kAllKinds);
    _ZN2v87Isolate21AddGCEpilogueCallbackEPFvPS0_NS_6GCTypeENS_15GCCallbackFlagsEPvES4_S2_(
        isolate, DoNothing, data, kAllKinds);
  }
  return count;
}
