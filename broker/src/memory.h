#pragma once
// Maps a client's sealed memfd, to pass addresses in it to the kernel. The broker never reads or
// writes it.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "account.h"

namespace schedhint::broker {

class Memory {
 public:
  // Null when it is no memfd that the kernel could be given pages of for good: of ordinary pages,
  // of a bounded size, sealed so that it can't shrink and stays writable. Pays for itself.
  static std::shared_ptr<Memory> Map(int memfd, std::shared_ptr<Payer> payer);
  Memory(const Memory&) = delete;
  Memory& operator=(const Memory&) = delete;
  ~Memory();

  // Of a block within; 0 when some of it lies outside, or it crosses a page.
  uint64_t Address(uint32_t offset, uint32_t size) const;
  // A pointer to a page: the first one to it pays for the page. False: over a limit.
  bool Pin(uint32_t page);
  void Unpin(uint32_t page);
  // Nothing of it is bound any more. Pages stay counted until they are unpinned.
  void Unmap();

 private:
  Memory(void* address, size_t bytes, std::shared_ptr<Payer> payer);

  void* address_;
  size_t bytes_;
  std::shared_ptr<Payer> payer_;
  std::vector<uint32_t> pins_;  // by page
};

}  // namespace schedhint::broker
