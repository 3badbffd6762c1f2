#pragma once
// A task storage map that is played, behind the interface of bpf_syscall.h, so that a fuzzer needs
// no privilege and can look into it. Everything else is the real kernel's.

#include <cstddef>
#include <cstdint>

namespace schedhint::played {

constexpr const char* kPath = "/played/map";
constexpr uint32_t kValueSize = 24;
// Offsets of its __uptrs; at 8 is plain data. Each struct has 64 bytes.
constexpr uint32_t kSlots[] = {0, 16};

size_t Elements();
// The map is unpinned, or another is pinned.
void SetMap(uint32_t id);

}  // namespace schedhint::played
