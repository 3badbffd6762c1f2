#pragma once
// Where in a channel's blocks collections are stored. Of the ABI in registry_abi.h: frozen.

#include <cstdint>

// An offset of a field that a block does not have.
constexpr uint32_t SCHEDHINT_NOWHERE = 0xffffffff;

// Offsets in the thread's block, and in the process's, that belong to the GC hook; any of the
// thread's may be SCHEDHINT_NOWHERE. A word has 32 bits, or 64 where `wide` is not 0.
struct schedhint_gc_layout {
  uint32_t thread_slot;
  uint32_t gc;             // a word, enum schedhint_gc of schedhint.h
  uint32_t count;          // a word
  uint32_t since_ns;       // u64
  uint32_t expect_us;      // a word
  uint32_t flags;          // a word
  uint32_t live_flag;      // set in flags while the hook is installed
  int32_t process_slot;    // -1: none
  uint32_t process_count;  // u32, isolates inside a pause
  int32_t hint;            // in the element while a pause is in progress; -1: the thread's own
  uint32_t wide;
};
