#pragma once
// What an app asks for: a map, and what its elements are. Of the ABI in registry_abi.h: frozen.

#include <cstdint>

#include "kernel/slot.h"

// What a thread's element of the map is.
enum schedhint_kind : uint32_t {
  SCHEDHINT_KIND_UPTR = 0,  // pointers, which the slots place
  // A hint, 0..1024, as a u64 in front of 24 reserved bytes: scx_layered's struct task_hint. The
  // slots are blocks that no program sees, and the offsets in the value mean nothing.
  SCHEDHINT_KIND_LAYERED = 1,
  // The kernel's "task local data": pointers to the thread's page of values (slot 0) and to the
  // process's page of their names (slot 1). The map's value has 16 bytes, or 24 with the place of
  // the thread's values in their page, which threads then share.
  SCHEDHINT_KIND_TLD = 2,
};

struct schedhint_channel_spec {
  const char* path;    // of the pinned map
  const char* broker;  // the socket of the broker to ask where we may not open it; empty: none
  uint32_t value_size;
  uint32_t slot_count;
  const schedhint_slot* slots;
  // Where a process's block counts its bound threads (u32): slot and offset. Slot -1: nowhere.
  int32_t count_slot;
  uint32_t count_offset;
  schedhint_kind kind;
  int32_t normal_hint;  // of a layered channel: in an element that has no other; 0..1024
};

// A named value in every thread's task local data.
struct schedhint_tld_key {
  const char* name;  // 1..62 bytes
  uint32_t size;     // 1..65535
};
