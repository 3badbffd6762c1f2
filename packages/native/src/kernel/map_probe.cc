#include "kernel/map_probe.h"

#include <errno.h>
#include <sys/mman.h>

#include <cstring>
#include <vector>

#include "kernel/block_size.h"
#include "kernel/bpf_syscall.h"

namespace schedhint {
namespace {

constexpr int kNoThread = -1;

}  // namespace

SlotProbe ProbeSlot(int map_fd, uint32_t value_size, uint32_t slot_offset) {
  return ProbeSlotOf(kNoThread, map_fd, value_size, slot_offset);
}

SlotProbe ProbeSlotOf(int thread, int map_fd, uint32_t value_size, uint32_t slot_offset) {
  // What the kernel says when it has nothing against the pointer.
  const int taken = thread == kNoThread ? -EBADF : 0;
  const uint32_t page = PageSize();
  // A page that can be pinned, and behind it one that can't.
  void* scratch =
      mmap(nullptr, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (scratch == MAP_FAILED) return {-errno};
  uint8_t* refused = static_cast<uint8_t*>(scratch) + page;
  std::vector<uint8_t> value(value_size);
  auto update_with = [&](const uint8_t* address) {
    std::memcpy(value.data() + slot_offset, &address, sizeof(address));
    int answer = UpdateElement(map_fd, thread, value.data());
    if (answer == 0) DeleteElement(map_fd, thread);
    return answer;
  };

  SlotProbe probe;
  if (mprotect(refused, page, PROT_NONE) != 0) {
    probe.error = -errno;
  } else if (int answer = update_with(refused); answer == -EFAULT) {
    probe.is_uptr = true;
    // The struct is larger than k bytes when one that begins k bytes before the page's end crosses.
    uint32_t fits = page;
    uint32_t crosses = 0;
    while (fits - crosses > 1 && probe.error == 0) {
      uint32_t middle = crosses + (fits - crosses) / 2;
      answer = update_with(refused - middle);
      if (answer == -EOPNOTSUPP) {
        crosses = middle;
      } else if (answer == taken) {
        fits = middle;
      } else {
        probe.error = answer;
      }
    }
    probe.struct_size = fits;
  } else if (answer != taken) {
    probe.error = answer;
  }
  munmap(scratch, 2 * page);
  return probe;
}

}  // namespace schedhint
