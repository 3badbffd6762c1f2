// Threads store to memory while it moves into a file: each store is there afterwards, what two have
// added is the sum, and who still reads the old pages sees no half of a group.
// live-move.test.ts builds this with live_move.cc and runs it. Argument: how often.

#include "memory/live_move.h"

#include <pthread.h>
#include <schedhint/schedhint.h>
#include <sys/mman.h>
#include <unistd.h>

#include <atomic>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <thread>
#include <vector>

namespace {

constexpr size_t kBytes = 8 * 1024 * 1024;  // a move takes long enough for the writers to run
constexpr size_t kFields = kBytes / sizeof(uint16_t);
constexpr int kWriters = 2;
constexpr int kPause = 10;  // so that a turn through all fields takes longer than the move

#define EXPECT(condition)                                          \
  do {                                                             \
    if (!(condition)) {                                            \
      std::fprintf(stderr, "line %d: %s\n", __LINE__, #condition); \
      std::exit(1);                                                \
    }                                                              \
  } while (0)

// Neighbours in one word belong to different writers.
struct Writer {
  size_t first;
  size_t stopped_at = 0;
  uint16_t turn = 1;
  std::atomic<bool> has_begun{false};

  void Run(uint16_t* fields, const std::atomic<bool>& moved) {
    for (size_t i = first;; i += kWriters) {
      if (i >= kFields) {
        i = first;
        turn++;
        has_begun = true;
      }
      stopped_at = i;
      if (moved && has_begun) return;
      __atomic_store_n(&fields[i], turn, __ATOMIC_RELAXED);
      for (volatile int spin = 0; spin < kPause; spin = spin + 1) {
      }
    }
  }

  size_t Lost(const uint16_t* fields) const {
    size_t lost = 0;
    for (size_t i = first; i < kFields; i += kWriters) {
      uint16_t last = i < stopped_at ? turn : static_cast<uint16_t>(turn - 1);
      lost += fields[i] != last;
    }
    return lost;
  }
};

size_t MoveOnce() {
  void* memory = mmap(nullptr, kBytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  EXPECT(memory != MAP_FAILED);
  uint16_t* fields = static_cast<uint16_t*>(memory);
  int fd = memfd_create("live move", 0);
  EXPECT(fd >= 0 && ftruncate(fd, kBytes) == 0);
  std::atomic<bool> moved{false};
  Writer writers[kWriters] = {{0}, {1}};
  std::vector<std::thread> threads;
  for (Writer& writer : writers) threads.emplace_back([&] { writer.Run(fields, moved); });
  for (Writer& writer : writers) {
    while (!writer.has_begun) std::this_thread::yield();
  }
  EXPECT(schedhint::MoveIntoFile(memory, kBytes, fd, {}) == 0);
  moved = true;
  for (std::thread& thread : threads) thread.join();
  uint16_t in_file;
  EXPECT(pread(fd, &in_file, sizeof(in_file), 0) == sizeof(in_file) && in_file == fields[0]);
  size_t lost = 0;
  for (const Writer& writer : writers) lost += writer.Lost(fields);
  munmap(memory, kBytes);
  close(fd);
  return lost;
}

// A thread's block of ABI 1, of which the rule is: user == 3 * urgency. One thread writes groups,
// one reads the old pages, and both add to a counter behind the block.
struct Groups {
  static constexpr size_t kChunk = 65536;
  static constexpr size_t kHead = 256, kCounter = 512;
  static constexpr int kMoves = 2000;

  uint8_t* memory = nullptr;
  std::atomic<schedhint_thread*> old_block{nullptr};
  std::atomic<uint64_t> looks{0};
  std::atomic<bool> is_over{false};
  uint64_t good = 0, mixed = 0;

  void AddTwice() {
    auto* counter = reinterpret_cast<uint32_t*>(memory + kCounter);
    __atomic_fetch_add(counter, 1, __ATOMIC_RELAXED);
    __atomic_fetch_add(counter, -1, __ATOMIC_RELAXED);
  }

  void Write() {
    auto* block = reinterpret_cast<schedhint_thread*>(memory + kHead);
    __atomic_store_n(&block->abi, SCHEDHINT_ABI, __ATOMIC_RELEASE);
    for (uint32_t k = 1; !is_over; k++) {
      // For a moment after a move it may be an earlier one, and odd.
      uint32_t seq = __atomic_load_n(&block->seq, __ATOMIC_RELAXED) & ~1U;
      if (!__atomic_compare_exchange_n(&block->seq, &seq, seq + 1, false, __ATOMIC_RELAXED,
                                       __ATOMIC_RELAXED)) {
        k--;
        continue;
      }
      __atomic_thread_fence(__ATOMIC_RELEASE);
      __atomic_store_n(&block->urgency, k, __ATOMIC_RELAXED);
      __atomic_store_n(&block->user, uint64_t{3} * k, __ATOMIC_RELAXED);
      __atomic_store_n(&block->seq, seq + 2, __ATOMIC_RELEASE);
      AddTwice();
    }
  }

  void Read() {
    for (; !is_over; looks++) {
      AddTwice();
      schedhint_thread* block = old_block;
      if (block == nullptr) continue;
      if (__atomic_load_n(&block->abi, __ATOMIC_RELAXED) != SCHEDHINT_ABI) continue;
      uint32_t seq = __atomic_load_n(&block->seq, __ATOMIC_ACQUIRE);
      uint32_t urgency = __atomic_load_n(&block->urgency, __ATOMIC_RELAXED);
      uint64_t user = __atomic_load_n(&block->user, __ATOMIC_RELAXED);
      __atomic_thread_fence(__ATOMIC_ACQUIRE);
      if ((seq & 1) != 0 || __atomic_load_n(&block->seq, __ATOMIC_RELAXED) != seq) continue;
      good++;
      mixed += user != uint64_t{3} * urgency;
    }
  }

  void Move() {
    void* old = mremap(memory, 0, kChunk, MREMAP_MAYMOVE);
    EXPECT(old != MAP_FAILED);
    old_block = reinterpret_cast<schedhint_thread*>(static_cast<uint8_t*>(old) + kHead);
    int fd = memfd_create("live move", 0);
    EXPECT(fd >= 0 && ftruncate(fd, kChunk) == 0);
    EXPECT(schedhint::MoveIntoFile(memory, kChunk, fd, {{kHead}, {kCounter}}) == 0);
    close(fd);
    usleep(50);
    old_block = nullptr;
    for (uint64_t before = looks; looks < before + 2;) std::this_thread::yield();
    for (size_t i = 0; i < kChunk; i++) EXPECT(static_cast<uint8_t*>(old)[i] == 0);
    munmap(old, kChunk);
  }

  void Run() {
    void* chunk = mmap(nullptr, kChunk, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    EXPECT(chunk != MAP_FAILED);
    memory = static_cast<uint8_t*>(chunk);
    std::thread writer([this] { Write(); }), reader([this] { Read(); });
    for (int i = 0; i < kMoves; i++) Move();
    is_over = true;
    writer.join();
    reader.join();
    EXPECT(good > 1000);
    EXPECT(mixed == 0);
    EXPECT(*reinterpret_cast<uint32_t*>(memory + kCounter) == 0);
    munmap(chunk, kChunk);
  }
};

}  // namespace

int main(int argc, char** argv) {
  EXPECT(argc == 2);
  size_t lost = 0;
  for (int i = 0; i < std::atoi(argv[1]); i++) lost += MoveOnce();
  if (lost > 0) std::fprintf(stderr, "%zu stores are lost\n", lost);
  Groups().Run();
  return lost > 0 ? 1 : 0;
}
