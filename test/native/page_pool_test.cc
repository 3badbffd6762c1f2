// Blocks of every size on pages of every size that a kernel has: the size is an argument, since
// this machine has but one. page-pool.test.ts builds this with the pool and runs it.

#include "memory/page_pool.h"

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <map>

namespace {

#define EXPECT(condition)                                          \
  do {                                                             \
    if (!(condition)) {                                            \
      std::fprintf(stderr, "line %d: %s\n", __LINE__, #condition); \
      std::exit(1);                                                \
    }                                                              \
  } while (0)

uintptr_t AddressOf(const schedhint::Block& block) {
  return reinterpret_cast<uintptr_t>(block.address);
}

// The pool cuts whole chunks from their beginning, so the first block of a chunk is its address.
void TakeFromPagesOf(uint32_t page) {
  schedhint::PagePool pool(page);
  std::map<uintptr_t, uint32_t> taken;
  uintptr_t chunk = 0;
  uint32_t blocks_in_page = 0;
  for (uint32_t size = page; size >= schedhint::kSmallestBlock; size /= 2) {
    blocks_in_page = page / size;
    uint32_t pages_before = pool.Counts().pages;
    for (uint32_t i = 0; i < 2 * blocks_in_page; i++) {
      schedhint::Block block = pool.Take(size);
      EXPECT(block.address != nullptr && block.size == size);
      uintptr_t address = AddressOf(block);
      if (chunk == 0 || address < chunk || address >= chunk + schedhint::BlockMemory::kChunkBytes) {
        chunk = address;
      }
      EXPECT((address - chunk) % page + size <= page);
      EXPECT((address - chunk) % size == 0);
      EXPECT(taken.emplace(address, size).second);
      block.address[0] = block.address[size - 1] = 1;
    }
    EXPECT(pool.Counts().pages == pages_before + 2);
  }
  uintptr_t end = 0;
  for (auto [address, size] : taken) {
    EXPECT(address >= end);
    end = address + size;
  }
}

}  // namespace

int main() {
  for (uint32_t page : {4096, 16384, 65536}) TakeFromPagesOf(page);
  // Of this machine.
  schedhint::PagePool pool;
  EXPECT(AddressOf(pool.Take(schedhint::PageSize())) % schedhint::PageSize() == 0);
}
