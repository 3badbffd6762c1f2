#pragma once
// Allocates the memory of blocks: shared chunks without a file or a descriptor. A broker has to map
// them too, so a chunk moves into a memfd, and stays at its address, when a broker is to get
// a block in it. The broker seals that memfd, so the next one gets another.
//
// A forked child must neither write its parent's hints nor be killed by touching them, so the
// chunks are left out of it and private pages of zeroes take their place. Where that can't be
// had, chunks are private memory, and no broker can be used.

#include <cstddef>
#include <cstdint>
#include <vector>

#include "kernel/block_size.h"
#include "memory/live_move.h"

namespace schedhint {

class BlockMemory {
 public:
  static constexpr size_t kChunkBytes = kLargestPage;  // whole pages, of whatever size

  // A chunk of zeroes, never unmapped; or null and errno.
  uint8_t* Map();
  // The chunk that an address lies in.
  const uint8_t* ChunkOf(const uint8_t* address) const;
  // Moves a chunk into a new memfd, from memory without a file or from an older memfd. All of its
  // pages are there, and charged to this process. A program that still finds a block through an
  // element of a broker that is gone finds zeroes from now on, that is no block, until the thread
  // is bound again. The descriptor, which the caller closes; or -errno.
  int MoveIntoMemfd(const uint8_t* chunk, const LiveWords& words);
  // No block is in use, and all are zeroed: gives the memfds back.
  void Unshare();

 private:
  struct Chunk {
    uint8_t* address;
    bool is_private;
    bool is_in_memfd;
  };

  std::vector<Chunk>::const_iterator Find(const uint8_t* address) const;

  std::vector<Chunk> chunks_;
};

}  // namespace schedhint
