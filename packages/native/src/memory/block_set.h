#pragma once
// The blocks of one owner, a thread or the process, in one map. Code that may still lead a BPF
// program to them holds the set; when the last one lets go they return to the pool, into
// quarantine.

#include <schedhint/schedhint.h>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <vector>

#include "kernel/slot.h"
#include "memory/from_slab.h"
#include "memory/held.h"
#include "memory/page_pool.h"

namespace schedhint {

class BlockSet : public FromSlab<BlockSet> {
 public:
  explicit BlockSet(PagePool* pool) : pool_(pool) {}
  ~BlockSet() {
    if (pool_ == nullptr) return;
    for (size_t slot = 0; slot < count_; slot++) pool_->Return(by_slot_[slot]);
  }
  BlockSet(const BlockSet&) = delete;
  BlockSet& operator=(const BlockSet&) = delete;

  // A block for each slot that is this owner's. False and errno when there is no memory.
  bool Take(const std::vector<schedhint_slot>& slots, schedhint_owner owner) {
    SetCount(slots.size());
    for (size_t slot = 0; slot < count_; slot++) {
      if (slots[slot].owner != owner) continue;
      by_slot_[slot] = pool_->Take(slots[slot].size);
      if (by_slot_[slot].address == nullptr) return false;
      if (IsThreadOfAbi1(slots[slot])) pool_->MarkThread(by_slot_[slot]);
    }
    return true;
  }

  // Stores the time of the attach in the blocks that have a place for it.
  void SetAttachTime(const std::vector<schedhint_slot>& slots, uint64_t now_ns) {
    for (size_t slot = 0; slot < count_; slot++) {
      uint8_t* block = by_slot_[slot].address;
      if (block == nullptr || slots[slot].attach_ns < 0) continue;
      auto* place = reinterpret_cast<uint64_t*>(block + slots[slot].attach_ns);
      __atomic_store_n(place, now_ns, __ATOMIC_RELAXED);
    }
  }

  // Clears what a reader has written, before the next one does.
  void ClearReaderParts(const std::vector<schedhint_slot>& slots) {
    for (size_t slot = 0; slot < count_; slot++) {
      uint8_t* block = by_slot_[slot].address;
      if (block == nullptr || slots[slot].reader < 0) continue;
      uint32_t from = static_cast<uint32_t>(slots[slot].reader);
      std::memset(block + from, 0, slots[slot].size - from);
    }
  }

  // One block, for the first slot.
  bool TakeFirst(const std::vector<schedhint_slot>& slots, uint32_t size) {
    SetCount(slots.size());
    by_slot_[0] = pool_->Take(size);
    return by_slot_[0].address != nullptr;
  }

  // A block for a slot that is never given back.
  void Keep(const std::vector<schedhint_slot>& slots, size_t slot, const Block& block) {
    pool_ = nullptr;
    SetCount(slots.size());
    by_slot_[slot] = block;
  }

  // A null address where another owns the slot.
  const Block& At(size_t slot) const { return by_slot_[slot]; }

 private:
  friend class Held<BlockSet>;

  static bool IsThreadOfAbi1(const schedhint_slot& slot) {
    return slot.owner == SCHEDHINT_OWNER_THREAD && slot.size == sizeof(schedhint_thread) &&
           slot.attach_ns == static_cast<int32_t>(offsetof(schedhint_thread, attach_ns)) &&
           slot.reader == static_cast<int32_t>(offsetof(schedhint_thread, reader_abi));
  }

  void SetCount(size_t count) {
    count_ = count;
    if (count <= kFew) return;
    many_.reset(new Block[count]);
    by_slot_ = many_.get();
  }

  static constexpr size_t kFew = 2;  // as many as a standard element has

  PagePool* pool_;  // null: the blocks stay
  uint32_t holders_ = 0;
  size_t count_ = 0;
  Block few_[kFew];
  std::unique_ptr<Block[]> many_;
  Block* by_slot_ = few_;
};

using HeldBlockSet = Held<BlockSet>;

// What a thread's element of the map points to.
struct Element {
  HeldBlockSet thread;  // none: the process's blocks alone
  HeldBlockSet process;

  Block At(size_t slot) const {
    const Block& block = process->At(slot);
    return block.address != nullptr || !thread.holds_any() ? block : thread->At(slot);
  }
};

}  // namespace schedhint
