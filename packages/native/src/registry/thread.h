#pragma once
// The JavaScript threads of this process, as the registry knows them.

#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <vector>

#include "channel/thread_key.h"
#include "channel/tld_blocks.h"
#include "gc/gc_hook.h"
#include "memory/from_slab.h"

namespace schedhint {

struct Thread : FromSlab<Thread> {
  uint64_t id;    // Node.js's threadId, unique in the process and never used again
  pid_t tid = 0;  // 0: another thread has asked for it, it has not attached itself
  schedhint_binding* bindings = nullptr;  // the first, which leads to the next
  GcHook gc;
  HeldThreadKey key;  // none: it is in no map that this process has opened itself
  TldBlocks tld;

  Thread(uint64_t node_id, int64_t time_offset) : id(node_id), gc(time_offset) {}
};

// By their ids.
class Threads {
 public:
  Thread* Find(uint64_t id);
  Thread* FindOrAdd(uint64_t id, int64_t time_offset);
  void Erase(Thread* thread);
  size_t size() const { return threads_.size(); }

 private:
  using Sorted = std::vector<std::unique_ptr<Thread>>;

  // Of the thread, or where it belongs.
  Sorted::iterator PlaceOf(uint64_t id);

  Sorted threads_;
};

}  // namespace schedhint
