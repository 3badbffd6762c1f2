#pragma once
// Small blocks of memory that BPF programs may hold a pointer to.
//
// A block never crosses a page, since the kernel pins one page for each pointer; blocks of one size
// share a page. A returned block waits in quarantine: a program that already holds the old element
// may write to it for a while after the element has been deleted (about 250 ms were measured on an
// idle 6.18), so for a second at least, and then until every CPU has been seen quiescent, no code
// gets it. Pages are never unmapped.

#include <cstddef>
#include <cstdint>
#include <deque>
#include <mutex>
#include <set>
#include <vector>

#include "kernel/block_size.h"
#include "memory/block_memory.h"

namespace schedhint {

struct Block {
  uint8_t* address = nullptr;
  uint32_t size = 0;  // of its size class
};

struct PoolCounts {
  uint32_t pages = 0;  // that blocks have been cut from
  uint32_t used = 0;
  uint32_t quarantined = 0;
  uint32_t free = 0;
};

// The number of the smallest class whose blocks hold `size` bytes.
constexpr int SizeClass(uint32_t size) {
  int size_class = 0;
  for (uint32_t fits = kSmallestBlock; fits < size; fits *= 2) size_class++;
  return size_class;
}

class PagePool {
 public:
  explicit PagePool(uint32_t page_bytes = PageSize());
  PagePool(const PagePool&) = delete;
  PagePool& operator=(const PagePool&) = delete;

  // A zeroed block of at least `size` bytes (1 to the page's size), or one with a null address and
  // errno set.
  Block Take(uint32_t size);
  void Return(Block block);
  // Frees the blocks whose time in quarantine is over, and returns when the next one's is
  // (CLOCK_MONOTONIC ns), or 0. Takes milliseconds when there is one; for one thread at a time.
  uint64_t Reap();
  // Whether something has been returned since the last Reap(), whose time in quarantine is not
  // planned: then Reap() has to be called, which plans what is returned later too. True once.
  bool WantsReaper();
  PoolCounts Counts();
  // What the block lies in, as BlockMemory has it.
  const uint8_t* ChunkOf(const Block& block);
  int MoveIntoMemfd(const uint8_t* chunk);
  // What a move has to know of a block, until it is returned: that it is a thread's, of ABI 1, and
  // where in a block threads add to 32 bits.
  void MarkThread(const Block& block);
  void MarkCounter(const uint8_t* place);

 private:
  static constexpr int kClasses = SizeClass(kLargestPage) + 1;  // 64, 128, ... 65536

  struct Quarantined {
    Block block;
    uint64_t since_ns;
  };

  bool AddPage(int size_class);
  static void Unmark(std::set<const uint8_t*>* marked, const Block& block);
  bool IsIdle() const { return counts_.used == 0 && counts_.quarantined == 0; }

  const uint32_t page_bytes_;
  std::mutex mutex_;
  BlockMemory memory_;
  std::vector<Block> free_[kClasses];
  std::deque<Quarantined> quarantine_;
  uint8_t* chunk_ = nullptr;  // what is left of the last one begins here
  size_t chunk_left_ = 0;
  std::set<const uint8_t*> threads_, counters_;  // marked
  PoolCounts counts_;
  uint64_t quarantine_ns_;
  bool has_reaper_ = false;
};

}  // namespace schedhint
