#include "memory/live_move.h"

#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>
#include <cstring>
#include <vector>

namespace schedhint {
namespace {

constexpr size_t kPiece = 4096;  // no page is smaller

// Writes memory to the file, except for pieces that are all zeroes: those are there already.
int WritePieces(const uint8_t* from, size_t bytes, int fd) {
  static const uint8_t kZeroes[kPiece] = {};
  for (size_t at = 0; at < bytes; at += kPiece) {
    if (std::memcmp(from + at, kZeroes, kPiece) == 0) continue;
    ssize_t written = pwrite(fd, from + at, kPiece, static_cast<off_t>(at));
    if (written != static_cast<ssize_t>(kPiece)) return written < 0 ? -errno : -EIO;
  }
  return 0;
}

// The bytes that differ between `copied` and `last` have been stored between the copy and the
// move. Where no store to them came since, they are stored again.
void StoreAgain(uint64_t copied, uint64_t last, uint64_t* word) {
  uint64_t stored = copied ^ last;
  if (stored == 0) return;
  uint64_t now = __atomic_load_n(word, __ATOMIC_RELAXED);
  uint64_t next;
  do {
    next = now;
    for (int shift = 0; shift < 64; shift += 8) {
      uint64_t byte = uint64_t{0xff} << shift;
      if ((stored & byte) != 0 && ((now ^ copied) & byte) == 0) {
        next = (next & ~byte) | (last & byte);
      }
    }
  } while (
      !__atomic_compare_exchange_n(word, &now, next, false, __ATOMIC_RELAXED, __ATOMIC_RELAXED));
}

// Where two threads add, one before the move and one after it, both have stored the same byte.
void AddAgain(const LiveWords& words, const uint8_t* old_bytes, uint8_t* copied, uint8_t* bytes) {
  for (size_t offset : words.counters) {
    uint32_t last =
        __atomic_load_n(reinterpret_cast<const uint32_t*>(old_bytes + offset), __ATOMIC_RELAXED);
    uint32_t before;
    std::memcpy(&before, copied + offset, sizeof(before));
    std::memcpy(copied + offset, &last, sizeof(last));
    __atomic_fetch_add(reinterpret_cast<uint32_t*>(bytes + offset), last - before,
                       __ATOMIC_RELAXED);
  }
}

// Empties the old pages: their values do not change any more, and a reader must not act on them.
// A reader may come at any moment of it, so the head of each block is closed first.
void Empty(uint64_t* words, size_t count, const std::vector<size_t>& heads) {
  std::vector<bool> is_head(count);
  for (size_t offset : heads) {
    size_t i = offset / sizeof(*words);
    uint32_t abi_and_seq[2];
    std::memcpy(abi_and_seq, &words[i], sizeof(abi_and_seq));
    abi_and_seq[0] = 0;
    abi_and_seq[1] |= 1;
    uint64_t closed;
    std::memcpy(&closed, abi_and_seq, sizeof(closed));
    __atomic_store_n(&words[i], closed, __ATOMIC_RELAXED);
    is_head[i] = true;
  }
  __atomic_thread_fence(__ATOMIC_RELEASE);
  for (size_t i = 0; i < count; i++) {
    if (words[i] != 0 && !is_head[i]) __atomic_store_n(&words[i], 0, __ATOMIC_RELAXED);
  }
  for (size_t offset : heads) {
    __atomic_store_n(&words[offset / sizeof(*words)], 0, __ATOMIC_RELEASE);
  }
}

}  // namespace

int MoveIntoFile(void* memory, size_t bytes, int fd, const LiveWords& live) {
  // Of a shared mapping mremap(2) makes a second one: through it the old pages are still there
  // when the first one leads to the file.
  void* second = mremap(memory, 0, bytes, MREMAP_MAYMOVE);
  if (second == MAP_FAILED) return -errno;
  uint64_t* old_words = static_cast<uint64_t*>(second);
  std::vector<uint64_t> copied(bytes / sizeof(uint64_t));
  for (size_t i = 0; i < copied.size(); i++) {
    copied[i] = __atomic_load_n(&old_words[i], __ATOMIC_RELAXED);
  }
  int error = WritePieces(reinterpret_cast<const uint8_t*>(copied.data()), bytes, fd);
  if (error == 0 &&
      mmap(memory, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, fd, 0) == MAP_FAILED) {
    error = -errno;
  }
  if (error == 0) {
    AddAgain(live, static_cast<const uint8_t*>(second), reinterpret_cast<uint8_t*>(copied.data()),
             static_cast<uint8_t*>(memory));
    uint64_t* words = static_cast<uint64_t*>(memory);
    for (size_t i = 0; i < copied.size(); i++) {
      StoreAgain(copied[i], __atomic_load_n(&old_words[i], __ATOMIC_RELAXED), &words[i]);
    }
    Empty(old_words, copied.size(), live.heads);
  }
  munmap(second, bytes);
  return error;
}

}  // namespace schedhint
