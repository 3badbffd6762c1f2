// The GC hook under a V8 that collects as it is asked to: what no real one can be brought to do at
// will, above all pauses within pauses. gc-hook.test.ts builds this with gc_hook.cc and runs it.

#include "gc/gc_hook.h"

#include <errno.h>
#include <schedhint/schedhint.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "channel/hint_element.h"
#include "kernel/monotonic_clock.h"

namespace {

using Callback = void (*)(void*, int, int, void*);

struct Registered {
  Callback callback = nullptr;
  void* data = nullptr;
};
Registered prologue, epilogue;
int isolate;  // its address will do

#define EXPECT(condition)                                          \
  do {                                                             \
    if (!(condition)) {                                            \
      std::fprintf(stderr, "line %d: %s\n", __LINE__, #condition); \
      std::exit(1);                                                \
    }                                                              \
  } while (0)

}  // namespace

extern "C" {
void* _ZN2v87Isolate13TryGetCurrentEv() {
  return &isolate;
}
void _ZN2v87Isolate21AddGCPrologueCallbackEPFvPS0_NS_6GCTypeENS_15GCCallbackFlagsEPvES4_S2_(
    void*, Callback callback, void* data, int) {
  EXPECT(prologue.callback == nullptr);
  prologue = {callback, data};
}
void _ZN2v87Isolate21AddGCEpilogueCallbackEPFvPS0_NS_6GCTypeENS_15GCCallbackFlagsEPvES4_S2_(
    void*, Callback callback, void* data, int) {
  EXPECT(epilogue.callback == nullptr);
  epilogue = {callback, data};
}
void _ZN2v87Isolate24RemoveGCPrologueCallbackEPFvPS0_NS_6GCTypeENS_15GCCallbackFlagsEPvES4_(
    void*, Callback, void*) {
  prologue = {};
}
void _ZN2v87Isolate24RemoveGCEpilogueCallbackEPFvPS0_NS_6GCTypeENS_15GCCallbackFlagsEPvES4_(
    void*, Callback, void*) {
  epilogue = {};
}
}

namespace {

using schedhint::GcHook;

constexpr int kScavenge = 1, kMarkCompact = 4, kIncrementalStart = 8, kWeak = 16;
constexpr uint32_t kLive = 1;
constexpr uint32_t kMinor = SCHEDHINT_GC_MINOR | kScavenge << 16;
constexpr uint32_t kMajor = SCHEDHINT_GC_MAJOR | kMarkCompact << 16;
constexpr uint32_t kOther = SCHEDHINT_GC_OTHER | kWeak << 16;
constexpr uint32_t kMarking = SCHEDHINT_GC_OTHER | kIncrementalStart << 16;

struct ThreadBlock {
  uint32_t gc, count;
  uint64_t since_ns;
  uint32_t expect_us, flags;
};
constexpr schedhint_gc_layout kLayout = {0, 0, 4, 8, 16, 20, kLive, 1, 4, -1, 0};

struct Blocks {
  ThreadBlock thread = {};
  uint32_t process[2] = {};
  schedhint::HintElement* element = nullptr;

  bool Start(GcHook* hook, uintptr_t binding) {
    return hook->Start(reinterpret_cast<schedhint_binding*>(binding),
                       reinterpret_cast<uint8_t*>(&thread), reinterpret_cast<uint8_t*>(process),
                       element, kLayout);
  }
};

void Begin(int kind) {
  if (prologue.callback != nullptr) prologue.callback(&isolate, kind, 0, prologue.data);
}
void End(int kind) {
  if (epilogue.callback != nullptr) epilogue.callback(&isolate, kind, 0, epilogue.data);
}

schedhint_binding* Binding(uintptr_t id) {
  return reinterpret_cast<schedhint_binding*>(id);
}

void NestedPauses() {
  GcHook hook(0);
  Blocks blocks;
  EXPECT(blocks.Start(&hook, 1));
  Begin(kMarkCompact);
  uint64_t since = blocks.thread.since_ns;
  EXPECT(blocks.thread.gc == kMajor && blocks.process[1] == 1 && since > 0);
  Begin(kWeak);
  EXPECT(blocks.thread.gc == (kMajor | kOther) && blocks.process[1] == 1);
  Begin(kWeak);  // within its own kind
  End(kWeak);
  EXPECT(blocks.thread.gc == (kMajor | kOther));
  End(kWeak);
  EXPECT(blocks.thread.gc == kMajor && blocks.thread.since_ns == since);
  EXPECT(blocks.thread.count == 0);
  End(kMarkCompact);
  EXPECT(blocks.thread.gc == 0 && blocks.thread.count == 1 && blocks.process[1] == 0);
  EXPECT(blocks.thread.since_ns == since);
  hook.Stop(Binding(1));
  EXPECT(prologue.callback == nullptr && epilogue.callback == nullptr);
}

void ExpectedTimesAreByKind() {
  GcHook hook(0);
  Blocks blocks;
  EXPECT(blocks.Start(&hook, 1));
  Begin(kMarkCompact);
  EXPECT(blocks.thread.expect_us == 0);  // not known yet
  uint64_t until = schedhint::MonotonicNow(0) + 2000000;
  while (schedhint::MonotonicNow(0) < until) {
  }
  End(kMarkCompact);
  Begin(kScavenge);
  EXPECT(blocks.thread.expect_us == 0);
  End(kScavenge);
  Begin(kMarkCompact);
  EXPECT(blocks.thread.expect_us >= 2000);
  End(kMarkCompact);
  hook.Stop(Binding(1));
}

void CycleBit() {
  GcHook hook(0);
  Blocks blocks;
  EXPECT(blocks.Start(&hook, 1));
  Begin(kIncrementalStart);
  EXPECT(blocks.thread.gc == kMarking);
  End(kIncrementalStart);
  EXPECT(blocks.thread.gc == SCHEDHINT_GC_CYCLE);
  Begin(kScavenge);
  EXPECT(blocks.thread.gc == (kMinor | SCHEDHINT_GC_CYCLE));
  End(kScavenge);
  EXPECT(blocks.thread.gc == SCHEDHINT_GC_CYCLE);
  Begin(kMarkCompact);
  EXPECT(blocks.thread.gc == (kMajor | SCHEDHINT_GC_CYCLE));
  End(kMarkCompact);
  EXPECT(blocks.thread.gc == 0 && blocks.thread.count == 3 && blocks.thread.flags == kLive);
  Begin(kIncrementalStart);
  End(kIncrementalStart);
  hook.Stop(Binding(1));
  EXPECT(blocks.thread.gc == 0 && blocks.thread.flags == 0);
  EXPECT(blocks.Start(&hook, 1));  // whether the cycle still goes on is not known
  Begin(kScavenge);
  End(kScavenge);
  EXPECT(blocks.thread.gc == 0);
  hook.Stop(Binding(1));
}

// An epilogue whose prologue was before our time is not ours to count.
void InstalledWithinAPause() {
  GcHook hook(0);
  Blocks blocks;
  EXPECT(blocks.Start(&hook, 1));
  End(kMarkCompact);
  EXPECT(blocks.thread.gc == 0 && blocks.thread.count == 0 && blocks.process[1] == 0);
  hook.Stop(Binding(1));
}

// A thread that dies in a pause takes its share of the process's count with it, in every map.
void GoneWithinAPause() {
  GcHook hook(0);
  Blocks blocks, others;
  EXPECT(blocks.Start(&hook, 1) && others.Start(&hook, 2));
  Begin(kScavenge);
  EXPECT(blocks.process[1] == 1 && others.process[1] == 1);
  hook.Forget(Binding(1));
  EXPECT(blocks.thread.gc == 0 && blocks.thread.flags == 0 && blocks.process[1] == 0);
  EXPECT(others.thread.gc == kMinor && others.process[1] == 1);
  End(kScavenge);
  EXPECT(blocks.thread.count == 0 && others.thread.count == 1 && others.process[1] == 0);
  hook.Stop(Binding(2));
}

// An element that holds the hint itself, in a map that refuses every change: what was tried shows.
void HintElementInPauses() {
  GcHook hook(0);
  schedhint::HintElement element(1);
  Blocks blocks;
  blocks.element = &element;
  schedhint_gc_layout layout = kLayout;
  layout.hint = 900;
  EXPECT(hook.Start(Binding(1), reinterpret_cast<uint8_t*>(&blocks.thread), nullptr, &element,
                    layout));
  constexpr int kNoMap = -1;
  schedhint::HeldThreadKey thread(new schedhint::ThreadKey(gettid()));
  EXPECT(element.Bind(kNoMap, thread).step == SCHEDHINT_STEP_NONE);  // no hint, no call
  EXPECT(element.LastError() == 0);
  Begin(kMarkCompact);
  EXPECT(element.LastError() == -EBADF);
  End(kMarkCompact);
  EXPECT(element.LastError() == 0);  // nothing was written, so nothing has to be withdrawn
  hook.Stop(Binding(1));
  element.Unbind();
  EXPECT(element.LastError() == 0);
}

void StartsAreCounted() {
  GcHook hook(0);
  Blocks blocks;
  EXPECT(blocks.Start(&hook, 1) && blocks.Start(&hook, 1));
  hook.Stop(Binding(1));
  Begin(kScavenge);
  End(kScavenge);
  EXPECT(blocks.thread.count == 1 && blocks.thread.flags == kLive);
  hook.Stop(Binding(1));
  hook.Stop(Binding(1));  // once too often
  EXPECT(blocks.thread.flags == 0 && prologue.callback == nullptr);
}

}  // namespace

int main() {
  NestedPauses();
  ExpectedTimesAreByKind();
  CycleBit();
  InstalledWithinAPause();
  GoneWithinAPause();
  HintElementInPauses();
  StartsAreCounted();
  return 0;
}
