#pragma once

#include <sys/types.h>

#include <cstddef>

namespace schedhint {

// Moves memory that threads are writing to into a file, at the same address; no store is lost, but
// one that comes meanwhile may show a few microseconds late. `memory` must be a whole mapping,
// shared and anonymous, that the kernel holds no page of for anybody. The file must have zeroes
// there. 0, or -errno: nothing has changed.
int MoveIntoFile(void* memory, size_t bytes, int fd, off_t offset);

}  // namespace schedhint
