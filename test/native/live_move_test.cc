// Threads store to memory while it moves into a file: each store is there afterwards.
// live-move.test.ts builds this with live_move.cc and runs it. Argument: how often.

#include "memory/live_move.h"

#include <pthread.h>
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
  EXPECT(schedhint::MoveIntoFile(memory, kBytes, fd) == 0);
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

}  // namespace

int main(int argc, char** argv) {
  EXPECT(argc == 2);
  size_t lost = 0;
  for (int i = 0; i < std::atoi(argv[1]); i++) lost += MoveOnce();
  if (lost > 0) std::fprintf(stderr, "%zu stores are lost\n", lost);
  return lost > 0 ? 1 : 0;
}
