#include "memory/block_memory.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>

namespace schedhint {
namespace {

// linux/memfd.h, newer than the headers that a glibc 2.28 system builds with.
constexpr unsigned kCloexec = 1;
constexpr unsigned kAllowSealing = 2;
constexpr unsigned kNoExecSeal = 8;  // since Linux 6.3; vm.memfd_noexec may demand it

// What a forked child walks. Only ever added to, so that it can be read at any moment.
struct SharedChunk {
  void* address;
  SharedChunk* next;
};
std::atomic<SharedChunk*> shared_chunks{nullptr};

void ReplaceInForkedChild() {
  for (SharedChunk* chunk = shared_chunks; chunk != nullptr; chunk = chunk->next) {
    mmap(chunk->address, BlockMemory::kChunkBytes, PROT_READ | PROT_WRITE,
         MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
  }
}

bool LeaveOutOfForkedChildren(void* address) {
  static const bool replaces = pthread_atfork(nullptr, nullptr, ReplaceInForkedChild) == 0;
  if (!replaces || madvise(address, BlockMemory::kChunkBytes, MADV_DONTFORK) != 0) return false;
  shared_chunks = new SharedChunk{address, shared_chunks};
  return true;
}

// Of a mapping that has taken the place of a chunk's.
void MarkChunk(void* address) {
  madvise(address, BlockMemory::kChunkBytes, MADV_DONTFORK);
  madvise(address, BlockMemory::kChunkBytes, MADV_NOHUGEPAGE);  // a pin would hold the whole page
}

// Null and errno.
void* MapPrivate() {
  void* own = mmap(nullptr, BlockMemory::kChunkBytes, PROT_READ | PROT_WRITE,
                   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (own == MAP_FAILED) return nullptr;
  if (madvise(own, BlockMemory::kChunkBytes, MADV_WIPEONFORK) == 0) return own;
  int error = errno;
  munmap(own, BlockMemory::kChunkBytes);
  errno = error;
  return nullptr;
}

// A signal ends fallocate(2) before it is done.
int Allocate(int fd, size_t bytes) {
  while (fallocate(fd, 0, 0, static_cast<off_t>(bytes)) != 0) {
    if (errno != EINTR) return -errno;
  }
  return 0;
}

// What a broker accepts; it adds the seals. The descriptor, or -errno.
int CreateAllocated(size_t bytes) {
  // A file larger than the limit would not be refused: it would raise SIGXFSZ.
  rlimit limit;
  if (getrlimit(RLIMIT_FSIZE, &limit) == 0 && limit.rlim_cur < bytes) return -EFBIG;
  constexpr unsigned kFlags = kCloexec | kAllowSealing;
  long fd = syscall(SYS_memfd_create, "schedhint", kFlags | kNoExecSeal);
  if (fd < 0 && errno == EINVAL) fd = syscall(SYS_memfd_create, "schedhint", kFlags);
  if (fd < 0) return -errno;
  if (int error = Allocate(static_cast<int>(fd), bytes)) {
    close(static_cast<int>(fd));
    return error;
  }
  return static_cast<int>(fd);
}

}  // namespace

uint8_t* BlockMemory::Map() {
  void* chunk =
      mmap(nullptr, kChunkBytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (chunk == MAP_FAILED) return nullptr;
  bool is_private = !LeaveOutOfForkedChildren(chunk);
  if (is_private) {
    munmap(chunk, kChunkBytes);
    chunk = MapPrivate();
    if (chunk == nullptr) return nullptr;
  }
  madvise(chunk, kChunkBytes, MADV_NOHUGEPAGE);
  chunks_.push_back({static_cast<uint8_t*>(chunk), is_private, false});
  return chunks_.back().address;
}

std::vector<BlockMemory::Chunk>::const_iterator BlockMemory::Find(const uint8_t* address) const {
  return std::find_if(chunks_.begin(), chunks_.end(), [address](const Chunk& one) {
    return address >= one.address && address < one.address + kChunkBytes;
  });
}

const uint8_t* BlockMemory::ChunkOf(const uint8_t* address) const {
  return Find(address)->address;
}

int BlockMemory::MoveIntoMemfd(const uint8_t* address, const LiveWords& words) {
  Chunk& chunk = chunks_[static_cast<size_t>(Find(address) - chunks_.begin())];
  if (chunk.is_private) return -EINVAL;
  int fd = CreateAllocated(kChunkBytes);
  if (fd < 0) return fd;
  if (int error = MoveIntoFile(chunk.address, kChunkBytes, fd, words)) {
    close(fd);
    return error;
  }
  MarkChunk(chunk.address);
  chunk.is_in_memfd = true;
  return fd;
}

void BlockMemory::Unshare() {
  for (Chunk& chunk : chunks_) {
    if (!chunk.is_in_memfd) continue;
    if (mmap(chunk.address, kChunkBytes, PROT_READ | PROT_WRITE,
             MAP_SHARED | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == MAP_FAILED) {
      return;
    }
    MarkChunk(chunk.address);
    chunk.is_in_memfd = false;
  }
}

}  // namespace schedhint
