// The parser of requests under libFuzzer. The first byte is the number of descriptors.

#include <stdint.h>
#include <stdlib.h>

#include <cstring>

#include "kernel/block_size.h"
#include "request.h"

using namespace schedhint::broker;

namespace {

void Check(bool holds) {
  if (!holds) abort();
}

// What the rest of the broker relies on, and does not check again.
void CheckAccepted(const schedhint_broker_request& request, unsigned descriptors) {
  Check(descriptors == (request.kind == SCHEDHINT_BROKER_OPEN ? 0 : 1));
  if (request.kind == SCHEDHINT_BROKER_OPEN) {
    const auto& open = request.open;
    Check(open.slot_count >= 1 && open.slot_count <= SCHEDHINT_BROKER_SLOTS);
    Check(memchr(open.path, 0, sizeof(open.path)) != nullptr && open.path[0] == '/');
    for (unsigned i = 0; i < open.slot_count; i++) {
      Check(open.slots[i].offset % 8 == 0 && open.slots[i].offset + 8ull <= open.value_size);
      Check(open.slots[i].size >= 1 && open.slots[i].size <= schedhint::PageSize());
      for (unsigned j = 0; j < i; j++) Check(open.slots[j].offset != open.slots[i].offset);
    }
  } else if (request.kind == SCHEDHINT_BROKER_MEMORY) {
    Check(request.memory.number >= 1 && request.memory.number <= SCHEDHINT_BROKER_MEMORIES);
  } else if (request.kind == SCHEDHINT_BROKER_BIND) {
    Check(request.bind.pointer_count >= 1 && request.bind.pointer_count <= SCHEDHINT_BROKER_SLOTS);
  } else {
    Check(request.kind == SCHEDHINT_BROKER_UNBIND);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 1) return 0;
  schedhint_broker_request request;
  if (ParseRequest(data + 1, size - 1, data[0], &request) == nullptr) {
    Check(size - 1 == kRequestBytes && memcmp(data + 1, &request, kRequestBytes) == 0);
    CheckAccepted(request, data[0]);
  }
  return 0;
}
