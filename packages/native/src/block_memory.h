#pragma once
// Where blocks lie: chunks of sealed memfds, which a broker can map too.
//
// A forked child must neither write its parent's hints nor be killed by touching them, so the
// chunks are left out of it and pages of zeroes of its own take their place. Where memfd_create(2)
// is refused, chunks are private memory, and no broker can be used.

#include <sys/types.h>

#include <cstdint>
#include <vector>

#include "block_size.h"

namespace schedhint {

struct Chunk {
  uint8_t* address = nullptr;
  uint32_t memory = 0;  // the number of its memfd, from 1; 0: private
  uint32_t offset = 0;  // in it
};

class BlockMemory {
 public:
  static constexpr size_t kChunkBytes = 16 * kPageSize;
  static constexpr size_t kMemoryBytes = 4u << 20;  // of one memfd; it holds what is touched

  // Zeroes, never unmapped; or a null address and errno.
  Chunk Map();
  // Of a memfd by its number; -1 when the app has closed it behind our back.
  int Descriptor(uint32_t memory) const;

 private:
  struct Memory {
    int fd;
    ino_t inode;
  };

  bool AddMemory();

  std::vector<Memory> memories_;
  size_t used_ = kMemoryBytes;  // of the last one
};

}  // namespace schedhint
