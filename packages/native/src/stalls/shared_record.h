#pragma once
// Publishes what was found of a thread's stalls in a memfd, where another process of the same user
// can read it: `schedhint why`. shared-record.ts of the package schedhint has the same layout, and
// says what the values mean.

#include <cstddef>
#include <cstdint>

namespace schedhint {

struct RecordSlot {
  uint32_t seq;  // odd: is being written
  uint32_t tid;  // 0: is free
  uint32_t thread_id;
  uint32_t threshold_ms;
  double started_at_ms;
  double updated_at_ms;
  double loop_busy_ms;
  double loop_idle_ms;
  // What JavaScript makes of the stalls.
  struct Findings {
    double stalls;
    double parts_ms[7];
  } findings;
  double collections[3];
  double collection_ms[3];
  struct Heap {
    double used_bytes;
    double limit_bytes;
    double promoted_bytes;
    double semi_space_bytes;
  } heap;
  double longest_stall_ms;
  uint8_t reserved[56];
};
static_assert(sizeof(RecordSlot) == 256, "shared-record.ts: SLOT_BYTES");
static_assert(offsetof(RecordSlot, findings) == 48 && offsetof(RecordSlot, collections) == 112 &&
                  offsetof(RecordSlot, heap) == 160 &&
                  offsetof(RecordSlot, longest_stall_ms) == 192,
              "shared-record.ts: SLOT");

// A slot for the calling thread, with the fields up to `started_at_ms`. The first call makes the
// memfd, which stays. Null: there is no free one, or the kernel refuses the memfd.
RecordSlot* ClaimSlot(uint32_t thread_id, uint32_t threshold_ms);
void FreeSlot(RecordSlot* slot);
// Publishes all from `updated_at_ms` on, which it sets. On the thread that has claimed the slot.
void PublishSlot(RecordSlot* slot, const RecordSlot& values);

}  // namespace schedhint
