#pragma once
// Where in a map's value a pointer is, and to how much. Of the ABI in registry_abi.h: frozen.

#include <cstdint>

enum schedhint_owner : uint32_t { SCHEDHINT_OWNER_THREAD = 0, SCHEDHINT_OWNER_PROCESS = 1 };

// One pointer in the map's value.
struct schedhint_slot {
  uint32_t offset;  // in the value, 8-byte aligned
  uint32_t size;    // of the struct it points to, 1 to the page's size
  schedhint_owner owner;
  int32_t attach_ns;  // offset in the struct of a u64, the time of the attach; -1: none
  int32_t reader;     // offset from which on the struct is the reader's; -1: nothing of it is
};

inline bool operator==(const schedhint_slot& a, const schedhint_slot& b) {
  return a.offset == b.offset && a.size == b.size && a.owner == b.owner &&
         a.attach_ns == b.attach_ns && a.reader == b.reader;
}
