// The addon's own GC hook, so often that what one costs shows in a collection; and one that does
// nothing, which is what V8 itself takes for it.

#include <algorithm>
#include <memory>
#include <random>
#include <vector>

#include "bench.h"
#include "gc/gc_hook.h"
#include "gc/v8_gc_callbacks.h"

namespace {

using schedhint::GcHook;

// Offsets of the standard block, abi/include/schedhint/schedhint.h.
constexpr schedhint_gc_layout kLayout = {0, 8, 12, 16, 48, 88, 1, 1, 4, -1, 0};

struct Hooked {
  alignas(64) uint8_t thread[256] = {};
  alignas(64) uint8_t process[128] = {};
  GcHook hook{0};
};

// Side by side, nine lines of a cache each: at distances of a power of two they would drive each
// other from it, as nothing drives a single one.
std::vector<Hooked> hooked;
std::vector<std::unique_ptr<int>> empty;

void DoNothing(void*, int, int, void*) {}

}  // namespace

int64_t install_hooks(uint32_t count) {
  for (Hooked& one : hooked) one.hook.Uninstall();
  hooked = std::vector<Hooked>(count);
  // V8 calls them in the order in which they are installed: not one that the processor foresees.
  std::vector<Hooked*> order;
  for (Hooked& one : hooked) order.push_back(&one);
  std::shuffle(order.begin(), order.end(), std::minstd_rand(count));
  for (Hooked* one : order) {
    if (!one->hook.Start(nullptr, one->thread, one->process, nullptr, kLayout)) return -1;
  }
  return count;
}

int64_t install_empty_hooks(uint32_t count) {
  if (schedhint::CurrentIsolate == nullptr) return -1;
  void* isolate = schedhint::CurrentIsolate();
  for (auto& one : empty) {
    schedhint::RemovePrologue(isolate, DoNothing, one.get());
    schedhint::RemoveEpilogue(isolate, DoNothing, one.get());
  }
  empty.clear();
  for (uint32_t i = 0; i < count; i++) {
    empty.push_back(std::make_unique<int>());
    schedhint::AddPrologue(isolate, DoNothing, empty.back().get(), schedhint::kAllGcKinds);
    schedhint::AddEpilogue(isolate, DoNothing, empty.back().get(), schedhint::kAllGcKinds);
  }
  return count;
}
