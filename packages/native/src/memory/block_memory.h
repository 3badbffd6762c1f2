#pragma once
// Allocates the memory of blocks: shared chunks without a file or a descriptor. A broker has to map
// them too, so a chunk moves into a sealed memfd, and stays at its address, when a broker is
// to be told of a block in it.
//
// A forked child must neither write its parent's hints nor be killed by touching them, so the
// chunks are left out of it and pages of zeroes of its own take their place. Where that can't be
// had, chunks are private memory, and no broker can be used.

#include <sys/types.h>

#include <cstdint>
#include <vector>

#include "kernel/block_size.h"

namespace schedhint {

// Where a broker finds something.
struct SharedPlace {
  uint32_t memory = 0;  // the number of its memfd, from 1
  uint32_t offset = 0;  // in it
};

class BlockMemory {
 public:
  static constexpr size_t kChunkBytes = kLargestPage;  // whole pages, of whatever size
  static constexpr size_t kMemoryBytes = 4u << 20;     // of one memfd; it holds what is touched

  // A chunk of zeroes, never unmapped; or null and errno.
  uint8_t* Map();
  // Moves the chunk of an address into a memfd if it is not in one. No program may find a block in
  // it. 0, or -errno.
  int Share(const uint8_t* address, SharedPlace* place);
  // Of a memfd by its number; -1 when the app has closed it behind our back.
  int Descriptor(uint32_t memory) const;
  // No block is in use, and all are zeroed: gives the memfds back.
  void Unshare();

 private:
  struct Chunk {
    uint8_t* address;
    bool is_private;
    SharedPlace place;  // memory 0: it is in no memfd
  };
  struct Memory {
    int fd;
    ino_t inode;
  };

  int AddMemory();

  std::vector<Chunk> chunks_;
  std::vector<Memory> memories_;
  size_t used_ = kMemoryBytes;  // of the last one
};

}  // namespace schedhint
