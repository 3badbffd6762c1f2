#pragma once
// Asks the kernel what a map's value looks like, before any real address is handed over.
//
// An update with key -1 is refused for its key (EBADF), but only after every pointer of the value
// has been pinned. So the errno is about the pointers, no element is ever created, no privilege
// is needed and no running program notices. abi/abi.md has the table.
//
// No kernel promises that order. If the key came first every slot would look plain; an update for
// a thread that is there answers then. It makes an element, which is deleted again.

#include <cstdint>

namespace schedhint {

struct SlotProbe {
  int error =
      0;  // -errno of a probe without a result: the map can't be written, or is another kind
  bool is_uptr = false;
  uint32_t struct_size = 0;  // of the struct behind it, when it is one
};

SlotProbe ProbeSlot(int map_fd, uint32_t value_size, uint32_t slot_offset);

// The same by updates for a thread without an element, named by its descriptor.
SlotProbe ProbeSlotOf(int thread, int map_fd, uint32_t value_size, uint32_t slot_offset);

}  // namespace schedhint
