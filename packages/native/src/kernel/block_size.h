#pragma once
// How large a block for a struct is: a power of two, so that no block crosses a page, and nobody
// else's byte lies within.

#include <cstdint>

namespace schedhint {

constexpr uint32_t kPageSize = 4096;
constexpr uint32_t kSmallestBlock = 64;

// `struct_size` is 1 to 4096.
constexpr uint32_t BlockSize(uint32_t struct_size) {
  uint32_t size = kSmallestBlock;
  while (size < struct_size) size *= 2;
  return size;
}

}  // namespace schedhint
