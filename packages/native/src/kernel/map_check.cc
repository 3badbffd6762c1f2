#include "kernel/map_check.h"

#include "kernel/block_size.h"
#include "kernel/map_probe.h"
#include "kernel/scratch_thread.h"

namespace schedhint {
namespace {

constexpr uint32_t kKeySize = 4;  // a pidfd

// Every slot looks plain. What can't be found out in the second way stays so.
void ProbeWithThread(int map_fd, uint32_t value_size, const std::vector<schedhint_slot>& slots,
                     std::vector<SlotProbe>* probes) {
  ScratchThread thread;
  if (thread.Descriptor() < 0) return;
  for (size_t i = 0; i < slots.size(); i++) {
    SlotProbe probe = ProbeSlotOf(thread.Descriptor(), map_fd, value_size, slots[i].offset);
    if (probe.error == 0) (*probes)[i] = probe;
  }
}

}  // namespace

schedhint_status CheckMapType(int map_fd, MapInfo* info) {
  if (int error = ReadMapInfo(map_fd, info)) return Failed(SCHEDHINT_STEP_MAP_INFO, error);
  if (info->type != kMapTypeTaskStorage || info->key_size != kKeySize) {
    return Failed(SCHEDHINT_STEP_MAP_TYPE, 0, info->type);
  }
  return {};
}

schedhint_status CheckMap(int map_fd, uint32_t value_size, const std::vector<schedhint_slot>& slots,
                          MapInfo* info, std::vector<uint32_t>* struct_sizes) {
  schedhint_status status = CheckMapType(map_fd, info);
  if (status.step != SCHEDHINT_STEP_NONE) return status;
  if (info->value_size < value_size) {
    return Failed(SCHEDHINT_STEP_VALUE_SIZE, 0, info->value_size);
  }
  std::vector<SlotProbe> probes;
  bool any_uptr = false;
  for (const schedhint_slot& slot : slots) {
    SlotProbe probe = ProbeSlot(map_fd, info->value_size, slot.offset);
    if (probe.error != 0) return Failed(SCHEDHINT_STEP_PROBE, probe.error, slot.offset);
    any_uptr = any_uptr || probe.is_uptr;
    probes.push_back(probe);
  }
  if (!any_uptr) ProbeWithThread(map_fd, info->value_size, slots, &probes);
  for (size_t i = 0; i < slots.size(); i++) {
    const schedhint_slot& slot = slots[i];
    const SlotProbe& probe = probes[i];
    if (!probe.is_uptr) return Failed(SCHEDHINT_STEP_SLOT_PLAIN, 0, slot.offset);
    // A struct that ends beyond our block would let the program write into a neighbour's.
    if (probe.struct_size > BlockSize(slot.size)) {
      return Failed(SCHEDHINT_STEP_SLOT_SIZE, 0, slot.offset, probe.struct_size);
    }
    if (struct_sizes != nullptr) struct_sizes->push_back(probe.struct_size);
  }
  return {};
}

}  // namespace schedhint
