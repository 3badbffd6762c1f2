#pragma once
// The blocks of one owner, a thread or the process, in one map. Whoever may still lead a BPF
// program to them holds the set; when the last one lets go they return to the pool, into
// quarantine.

#include <memory>
#include <vector>

#include "page_pool.h"
#include "registry_abi.h"

namespace schedhint {

class BlockSet {
 public:
  explicit BlockSet(PagePool* pool) : pool_(pool) {}
  ~BlockSet() {
    for (const Block& block : by_slot_) pool_->Return(block);
  }
  BlockSet(const BlockSet&) = delete;
  BlockSet& operator=(const BlockSet&) = delete;

  // A block for each slot that is this owner's. False and errno when there is no memory.
  bool Take(const std::vector<schedhint_slot>& slots, schedhint_owner owner) {
    for (const schedhint_slot& slot : slots) {
      by_slot_.push_back(slot.owner == owner ? pool_->Take(slot.size) : Block());
      if (slot.owner == owner && by_slot_.back().address == nullptr) return false;
    }
    return true;
  }

  // A null address where another owns the slot.
  const Block& At(size_t slot) const { return by_slot_[slot]; }

 private:
  PagePool* pool_;
  std::vector<Block> by_slot_;
};

// What a thread's element of the map points to.
struct Element {
  std::shared_ptr<BlockSet> thread;  // null: the process's blocks alone
  std::shared_ptr<BlockSet> process;

  Block At(size_t slot) const {
    const Block& block = process->At(slot);
    return block.address != nullptr || thread == nullptr ? block : thread->At(slot);
  }
};

}  // namespace schedhint
