#include "stalls/shared_record.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <cstring>
#include <mutex>

namespace schedhint {
namespace {

// linux/memfd.h and fcntl.h, newer than the headers that a glibc 2.28 system builds with.
constexpr unsigned kCloexec = 1;
constexpr unsigned kAllowSealing = 2;
constexpr unsigned kNoExecSeal = 8;
constexpr int kSealSeal = 1;
constexpr int kSealShrink = 2;
constexpr int kSealGrow = 4;
constexpr int kSealFutureWrite = 16;

constexpr size_t kSlots = 64;  // shared-record.ts: RECORD_SLOTS
constexpr size_t kBytes = kSlots * sizeof(RecordSlot);

double EpochMs() {
  timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  return static_cast<double>(now.tv_sec) * 1e3 + static_cast<double>(now.tv_nsec) / 1e6;
}

// Null where the kernel refuses it.
RecordSlot* MakeRecord() {
  long made = syscall(SYS_memfd_create, "schedhint:stalls", kCloexec | kAllowSealing | kNoExecSeal);
  if (made < 0 && errno == EINVAL) {
    made = syscall(SYS_memfd_create, "schedhint:stalls", kCloexec | kAllowSealing);
  }
  int fd = static_cast<int>(made);
  if (fd < 0) return nullptr;
  void* slots = MAP_FAILED;
  if (ftruncate(fd, kBytes) == 0) {
    slots = mmap(nullptr, kBytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  }
  if (slots == MAP_FAILED) {
    close(fd);
    return nullptr;
  }
  // A reader could cut the file off, and we would end by SIGBUS. Before 5.1 it could also write.
  constexpr int kSize = kSealShrink | kSealGrow;
  if (fcntl(fd, F_ADD_SEALS, kSize | kSealFutureWrite | kSealSeal) != 0) {
    fcntl(fd, F_ADD_SEALS, kSize | kSealSeal);
  }
  return static_cast<RecordSlot*>(slots);  // the descriptor stays: readers find it by its name
}

std::mutex mutex;

void BeginWriting(RecordSlot* slot) {
  __atomic_store_n(&slot->seq, slot->seq + 1, __ATOMIC_RELAXED);
  __atomic_thread_fence(__ATOMIC_RELEASE);
}

void EndWriting(RecordSlot* slot) {
  __atomic_store_n(&slot->seq, slot->seq + 1, __ATOMIC_RELEASE);
}

}  // namespace

RecordSlot* ClaimSlot(uint32_t thread_id, uint32_t threshold_ms) {
  std::lock_guard<std::mutex> lock(mutex);
  static RecordSlot* const slots = MakeRecord();
  for (size_t i = 0; slots != nullptr && i < kSlots; i++) {
    RecordSlot* slot = &slots[i];
    if (slot->tid != 0) continue;
    BeginWriting(slot);
    slot->tid = static_cast<uint32_t>(syscall(SYS_gettid));
    slot->thread_id = thread_id;
    slot->threshold_ms = threshold_ms;
    slot->started_at_ms = slot->updated_at_ms = EpochMs();
    EndWriting(slot);
    return slot;
  }
  return nullptr;
}

void FreeSlot(RecordSlot* slot) {
  if (slot == nullptr) return;
  std::lock_guard<std::mutex> lock(mutex);
  BeginWriting(slot);
  std::memset(&slot->tid, 0, sizeof(RecordSlot) - offsetof(RecordSlot, tid));
  EndWriting(slot);
}

void PublishSlot(RecordSlot* slot, const RecordSlot& values) {
  if (slot == nullptr) return;
  constexpr size_t kFrom = offsetof(RecordSlot, loop_busy_ms);
  BeginWriting(slot);
  slot->updated_at_ms = EpochMs();
  std::memcpy(reinterpret_cast<uint8_t*>(slot) + kFrom,
              reinterpret_cast<const uint8_t*>(&values) + kFrom,
              offsetof(RecordSlot, reserved) - kFrom);
  EndWriting(slot);
}

}  // namespace schedhint
