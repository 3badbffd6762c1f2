#pragma once
// Publishes an isolate's collections from inside V8's pauses.
//
// V8 calls a prologue and an epilogue around each pause, on the isolate's own thread. The symbols
// are weak and named by hand, so that one binary serves every Node.js from 18 to 26 without V8's
// headers; a runtime that lacks them (Deno) is detected, one that has them but never calls (Bun) is
// told by its caller.

#include <cstddef>
#include <cstdint>
#include <vector>

#include "registry_abi.h"

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
  // Where one channel wants to be told: what a pause needs of it, in one line of the cache.
  struct alignas(64) Target {
    uint8_t* thread;
    uint32_t* process_count;  // null: nowhere
    HintElement* element;
    schedhint_binding* binding;
    uint32_t starts;
    int32_t hint;
    uint32_t live_flag, cycle_flag;
    uint16_t gc, count, since_ns, expect_ns, flags;  // offsets; kNowhere
    bool wide;

    void SetTime(uint16_t offset, uint64_t ns) const;
    void SetWord(uint16_t offset, uint32_t value) const;
    // Whoever sees it sees the stores before it.
    void PublishWord(uint16_t offset, uint32_t value) const;
    void SetBits(uint16_t offset, uint32_t bits) const;
    void ClearBits(uint16_t offset, uint32_t bits) const;
    void Count(uint32_t difference) const;
    // Asks for its memory, which a collection has driven from the caches, before it is written.
    void Fetch() const;
  };

  static void OnPrologue(void* isolate, int kind, int flags, void* hook);
  static void OnEpilogue(void* isolate, int kind, int flags, void* hook);
  void Enter(int kind);
  void Leave(int kind);
  bool Install();
  void Detach(size_t index);

  static constexpr int kKinds = 5;  // V8's GCType has five bits
  static constexpr uint16_t kNowhere = 0xffff;

  // What a pause reads and writes comes first, for the same reason.
  std::vector<Target> targets_;
  int64_t time_offset_;
  uint64_t since_ns_ = 0;
  uint32_t depth_ = 0;
  int outermost_ = 0;
  uint32_t gc_ = 0;
  uint32_t count_ = 0;
  uint8_t open_[kKinds] = {};  // pauses nest, also within one kind
  bool cycle_ = false;
  uint64_t expect_ns_[kKinds] = {};
  void* isolate_ = nullptr;
};

}  // namespace schedhint
