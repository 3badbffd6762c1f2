#pragma once
// How large a block for a struct is: a power of two, so that no block crosses a page, and no
// program else's byte lies within.

#include <unistd.h>

#include <cstdint>

namespace schedhint {

// Of the running kernel: 4 KiB on x86-64, and 4, 16 or 64 KiB on arm64.
inline uint32_t PageSize() {
  static const uint32_t size = static_cast<uint32_t>(sysconf(_SC_PAGESIZE));
  return size;
}

constexpr uint32_t kLargestPage = 65536;  // of any kernel that this runs on
constexpr uint32_t kSmallestBlock = 64;

// `struct_size` is 1 to the page's size.
constexpr uint32_t BlockSize(uint32_t struct_size) {
  uint32_t size = kSmallestBlock;
  while (size < struct_size) size *= 2;
  return size;
}

}  // namespace schedhint
