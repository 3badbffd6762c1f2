#pragma once
// Checks that a map is task storage whose uptr fields fit our blocks. The probes for it pass
// no address of a block to the kernel.

#include <vector>

#include "kernel/bpf_syscall.h"
#include "kernel/slot.h"
#include "kernel/status.h"

namespace schedhint {

// Step none, and `info` filled in, when the map is task storage whose elements are named by pidfds.
schedhint_status CheckMapType(int map_fd, MapInfo* info);

// The same when it also takes what the slots say. `struct_sizes` gets the size of the struct behind
// each slot.
schedhint_status CheckMap(int map_fd, uint32_t value_size, const std::vector<schedhint_slot>& slots,
                          MapInfo* info, std::vector<uint32_t>* struct_sizes = nullptr);

}  // namespace schedhint
