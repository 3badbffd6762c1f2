#include "kernel/map_check.h"

#include "kernel/block_size.h"
#include "kernel/map_probe.h"

namespace schedhint {
namespace {

constexpr uint32_t kKeySize = 4;  // a pidfd

}  // namespace

schedhint_status CheckMapType(int map_fd, MapInfo* info) {
  if (int error = ReadMapInfo(map_fd, info)) return Failed(SCHEDHINT_STEP_MAP_INFO, error);
  if (info->type != kMapTypeTaskStorage || info->key_size != kKeySize) {
    return Failed(SCHEDHINT_STEP_MAP_TYPE, 0, info->type);
  }
  return {};
}

schedhint_status CheckMap(int map_fd, uint32_t value_size, const std::vector<schedhint_slot>& slots,
                          MapInfo* info) {
  schedhint_status status = CheckMapType(map_fd, info);
  if (status.step != SCHEDHINT_STEP_NONE) return status;
  if (info->value_size < value_size) {
    return Failed(SCHEDHINT_STEP_VALUE_SIZE, 0, info->value_size);
  }
  for (const schedhint_slot& slot : slots) {
    SlotProbe probe = ProbeSlot(map_fd, info->value_size, slot.offset);
    if (probe.error != 0) return Failed(SCHEDHINT_STEP_PROBE, probe.error, slot.offset);
    if (!probe.is_uptr) return Failed(SCHEDHINT_STEP_SLOT_PLAIN, 0, slot.offset);
    // A struct that ends beyond our block would let the program write into a neighbour's.
    if (probe.struct_size > BlockSize(slot.size)) {
      return Failed(SCHEDHINT_STEP_SLOT_SIZE, 0, slot.offset, probe.struct_size);
    }
  }
  return {};
}

}  // namespace schedhint
