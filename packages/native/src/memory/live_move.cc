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
// move. Where nobody has stored to them since, they are stored again.
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

}  // namespace

int MoveIntoFile(void* memory, size_t bytes, int fd) {
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
    uint64_t* words = static_cast<uint64_t*>(memory);
    for (size_t i = 0; i < copied.size(); i++) {
      uint64_t last = __atomic_load_n(&old_words[i], __ATOMIC_RELAXED);
      StoreAgain(copied[i], last, &words[i]);
      // What nobody will change any more must not be taken for the truth.
      if (last != 0) __atomic_store_n(&old_words[i], 0, __ATOMIC_RELAXED);
    }
  }
  munmap(second, bytes);
  return error;
}

}  // namespace schedhint
