#include "request.h"

#include <algorithm>
#include <cstring>

#include "kernel/block_size.h"

namespace schedhint::broker {
namespace {

static_assert(kRequestBytes == 512);
static_assert(sizeof(schedhint_broker_answer) == 64);

bool IsZero(const void* from, const void* end) {
  const auto* byte = static_cast<const __u8*>(from);
  return std::all_of(byte, static_cast<const __u8*>(end), [](__u8 b) { return b == 0; });
}

const char* CheckOpen(const schedhint_broker_request& request) {
  const auto& open = request.open;
  if (open.value_size < 8 || open.value_size > kLargestValue) return "value size";
  if (open.slot_count < 1 || open.slot_count > SCHEDHINT_BROKER_SLOTS) return "slot count";
  __u32 free_from = 0;  // slots are in order and do not overlap
  for (__u32 i = 0; i < open.slot_count; i++) {
    const schedhint_broker_slot& slot = open.slots[i];
    if (slot.offset % 8 != 0 || slot.offset < free_from || slot.offset > open.value_size - 8) {
      return "slot offset";
    }
    if (slot.size < 1 || slot.size > PageSize()) return "slot size";
    free_from = slot.offset + 8;
  }
  if (!IsZero(open.slots + open.slot_count, open.slots + SCHEDHINT_BROKER_SLOTS)) {
    return "unused slots";
  }
  const char* end = open.path + SCHEDHINT_BROKER_PATH;
  const char* nul = std::find(open.path, end, '\0');
  if (open.path[0] != '/' || nul == end || !IsZero(nul, request.bytes + sizeof(request.bytes))) {
    return "path";
  }
  return nullptr;
}

const char* CheckMemory(const schedhint_broker_request& request) {
  __u32 number = request.memory.number;
  if (number < 1 || number > SCHEDHINT_BROKER_MEMORIES) return "memory number";
  return IsZero(&request.memory + 1, request.bytes + sizeof(request.bytes)) ? nullptr
                                                                            : "unused bytes";
}

const char* CheckBind(const schedhint_broker_request& request) {
  const auto& bind = request.bind;
  if (bind.pointer_count < 1 || bind.pointer_count > SCHEDHINT_BROKER_SLOTS) return "pointer count";
  for (__u32 i = 0; i < bind.pointer_count; i++) {
    if (bind.pointers[i].memory == 0 && bind.pointers[i].offset != 0) return "offset of NULL";
  }
  if (bind.unused != 0 ||
      !IsZero(bind.pointers + bind.pointer_count, request.bytes + sizeof(request.bytes))) {
    return "unused bytes";
  }
  return nullptr;
}

}  // namespace

bool IsOfOtherVersion(const void* bytes, size_t size, unsigned* version) {
  if (size != kRequestBytes) return false;
  const auto* request = static_cast<const schedhint_broker_request*>(bytes);
  *version = request->version;
  return request->magic == SCHEDHINT_BROKER_MAGIC && *version != SCHEDHINT_BROKER_VERSION;
}

const char* ParseRequest(const void* bytes, size_t size, unsigned descriptors,
                         schedhint_broker_request* request) {
  if (size != kRequestBytes) return "size";
  std::memcpy(request, bytes, kRequestBytes);
  if (request->magic != SCHEDHINT_BROKER_MAGIC) return "magic";
  if (request->version != SCHEDHINT_BROKER_VERSION) return "version";
  unsigned wanted = request->kind == SCHEDHINT_BROKER_OPEN ? 0 : 1;
  if (descriptors != wanted) return "descriptors";
  switch (request->kind) {
    case SCHEDHINT_BROKER_OPEN:
      return CheckOpen(*request);
    case SCHEDHINT_BROKER_MEMORY:
      return CheckMemory(*request);
    case SCHEDHINT_BROKER_BIND:
      return CheckBind(*request);
    case SCHEDHINT_BROKER_UNBIND:
      return IsZero(request->bytes, request->bytes + sizeof(request->bytes)) ? nullptr
                                                                             : "unused bytes";
    default:
      return "kind";
  }
}

}  // namespace schedhint::broker
