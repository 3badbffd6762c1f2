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
    if (pool_ == nullptr) return;
    for (const Block& block : by_slot_) pool_->Return(block);
  }
  BlockSet(const BlockSet&) = delete;
  BlockSet& operator=(const BlockSet&) = delete;

  // A block for each slot that is this owner's. False and errno when there is no memory.
  bool Take(const std::vector<schedhint_slot>& slots, schedhint_owner owner) {
    by_slot_.reserve(slots.size());
    for (const schedhint_slot& slot : slots) {
      by_slot_.push_back(slot.owner == owner ? pool_->Take(slot.size) : Block());
      if (slot.owner == owner && by_slot_.back().address == nullptr) return false;
    }
    return true;
  }

  // One block, for the first slot.
  bool TakeFirst(const std::vector<schedhint_slot>& slots, uint32_t size) {
    by_slot_.resize(slots.size());
    by_slot_.front() = pool_->Take(size);
    return by_slot_.front().address != nullptr;
  }

  // A block for a slot that is never given back.
  void Keep(const std::vector<schedhint_slot>& slots, size_t slot, const Block& block) {
    pool_ = nullptr;
    by_slot_.resize(slots.size());
    by_slot_[slot] = block;
  }

  // A null address where another owns the slot.
  const Block& At(size_t slot) const { return by_slot_[slot]; }

 private:
  PagePool* pool_;  // null: the blocks stay
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
