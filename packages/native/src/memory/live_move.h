#pragma once
// Moves shared memory into a file at the same address, and keeps the stores of other threads that
// come meanwhile.

#include <cstddef>
#include <cstdint>
#include <vector>

namespace schedhint {

// Words that a move must not treat as plain bytes: their offsets in the memory.
struct LiveWords {
  // Of [abi, seq], the first 64 bits of a thread's block of ABI 1: while abi is 0, or seq odd, no
  // reader takes a group from the block.
  std::vector<size_t> heads;
  // Of 32 bits each, to which threads add.
  std::vector<size_t> counters;
};

// Moves memory that threads are writing to into a file, at the same address. A store that comes
// meanwhile is made again afterwards, so it may show a few microseconds late. (A byte that is
// stored meanwhile and set back within these microseconds may keep the value in between.)
// `memory` must be a whole mapping, and shared. A program to which the kernel has given a page of
// it goes on with the old one, which has zeroes afterwards, and at no time half a group. The file
// must have zeroes in its first `bytes`. 0, or -errno: nothing has changed.
int MoveIntoFile(void* memory, size_t bytes, int fd, const LiveWords& words);

}  // namespace schedhint
