#pragma once
// Publishes an isolate's collections from inside V8's pauses.
//
// V8 calls a prologue and an epilogue around each pause, on the isolate's own thread. The symbols
// are weak and named by hand, so that one binary serves every Node.js from 18 to 26 without V8's
// headers; a runtime that lacks them (Deno) is detected, one that has them but never calls (Bun) is
// passed by its caller.

#include <cstddef>
#include <cstdint>
#include <vector>

#include "gc/gc_layout.h"

// Whose blocks are written. No more than a key here.
struct schedhint_binding;

namespace schedhint {

class HintElement;

class GcHook {
 public:
  explicit GcHook(int64_t time_namespace_offset) : time_offset_(time_namespace_offset) {}
  GcHook(const GcHook&) = delete;
  GcHook& operator=(const GcHook&) = delete;

  // All on the isolate's thread, outside of a collection.
  // False where V8 has no such callbacks. Starting twice for one binding counts. `element` is null
  // where a thread's element holds pointers.
  bool Start(schedhint_binding* binding, uint8_t* thread_block, uint8_t* process_block,
             HintElement* element, const schedhint_gc_layout& layout);
  void Stop(schedhint_binding* binding);
  // Whatever the count: the binding's blocks are going.
  void Forget(schedhint_binding* binding);
  void Uninstall();

 private:
  // Where the collections of one channel are stored.
  struct Target {
    schedhint_binding* binding;
    uint32_t starts;
    uint8_t* thread;
    uint8_t* process;
    HintElement* element;
    schedhint_gc_layout layout;

    void SetTime(uint32_t offset, uint64_t ns) const;
    void SetWord(uint32_t offset, uint32_t value) const;
    // A release store: a reader that sees it sees the stores before it.
    void PublishWord(uint32_t offset, uint32_t value) const;
    void SetBits(uint32_t offset, uint32_t bits) const;
    void ClearBits(uint32_t offset, uint32_t bits) const;
  };

  static void OnPrologue(void* isolate, int kind, int flags, void* hook);
  static void OnEpilogue(void* isolate, int kind, int flags, void* hook);
  void Enter(int kind);
  void Leave(int kind);
  bool Install();
  void Detach(size_t index);

  static constexpr int kKinds = 5;  // V8's GCType has five bits

  std::vector<Target> targets_;
  void* isolate_ = nullptr;
  int64_t time_offset_;
  uint32_t depth_ = 0;
  uint32_t open_[kKinds] = {};  // pauses nest, also within one kind
  int outermost_ = 0;
  uint32_t kinds_ = 0;  // of the pauses in progress, as V8 has them
  bool cycle_ = false;
  uint32_t count_ = 0;
  uint64_t since_ns_ = 0;
  uint64_t expect_ns_[kKinds] = {};
};

}  // namespace schedhint
