#pragma once
// Seals and maps a client's memfd, to pass addresses in it to the kernel. The broker never reads or
// writes it.
//
// Its pages were allocated by the client, so they are charged to the client's cgroup, and stay
// there until the last one is unpinned: a page that was faulted in through our mapping would be
// charged to ours.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "account.h"

namespace schedhint::broker {

class Memory {
 public:
  // Null when it is no memfd that the kernel could be given pages of for good: of ordinary pages,
  // all of them there, of a bounded size, and open to seals. Has the seals afterwards that keep it
  // so, which no other broker's mapping can follow.
  static std::shared_ptr<Memory> Map(int memfd, std::shared_ptr<Payer> payer);
  Memory(const Memory&) = delete;
  Memory& operator=(const Memory&) = delete;
  ~Memory();

  // Of a block within; 0 when some of it lies outside, or it crosses a page.
  uint64_t Address(uint32_t offset, uint32_t size) const;
  // A pointer to a page: the first one to it pays for the page. False: over a limit.
  bool Point(uint32_t page);
  // Of a pointer that no element has got.
  void Drop(uint32_t page);
  // Of a pointer that an element had. True: it was the last one to the page, which has to wait for
  // EndWait() from now on, until the kernel has unpinned it.
  bool Wait(uint32_t page);
  // False: an element has pointed to it meanwhile, so it has to wait once more. The page stays
  // counted as long as it waits or is pointed to.
  bool EndWait(uint32_t page);
  // Nothing of it is bound any more. Pages that wait stay counted.
  void Unmap();

 private:
  struct Page {
    uint32_t pointers = 0;
    bool waits = false;
    bool waits_again = false;
  };

  Memory(void* address, size_t bytes, std::shared_ptr<Payer> payer);
  void ReturnIfUnused(const Page& page);

  void* address_;
  size_t bytes_;
  std::shared_ptr<Payer> payer_;
  std::vector<Page> pages_;
};

}  // namespace schedhint::broker
