#include "memory/block_memory.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>

#include "memory/live_move.h"

namespace schedhint {
namespace {

// linux/memfd.h and linux/fcntl.h, newer than the headers that a glibc 2.28 system builds with.
constexpr unsigned kCloexec = 1;
constexpr unsigned kAllowSealing = 2;
constexpr unsigned kNoExecSeal = 8;  // since Linux 6.3; vm.memfd_noexec may demand it
constexpr int kAddSeals = 1024 + 9;
constexpr int kSeals = 1 | 2 | 4;  // SEAL, SHRINK, GROW: nobody can make us touch what is not there

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

// The descriptor, or -errno.
int CreateSealed(size_t bytes) {
  // A file larger than the limit would not be refused: it would raise SIGXFSZ.
  rlimit limit;
  if (getrlimit(RLIMIT_FSIZE, &limit) == 0 && limit.rlim_cur < bytes) return -EFBIG;
  constexpr unsigned kFlags = kCloexec | kAllowSealing;
  long fd = syscall(SYS_memfd_create, "schedhint", kFlags | kNoExecSeal);
  if (fd < 0 && errno == EINVAL) fd = syscall(SYS_memfd_create, "schedhint", kFlags);
  if (fd < 0) return -errno;
  if (ftruncate(static_cast<int>(fd), static_cast<off_t>(bytes)) != 0 ||
      fcntl(static_cast<int>(fd), kAddSeals, kSeals) != 0) {
    int error = -errno;
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
  chunks_.push_back({static_cast<uint8_t*>(chunk), is_private, {}});
  return chunks_.back().address;
}

int BlockMemory::Share(const uint8_t* address, SharedPlace* place) {
  auto chunk = std::find_if(chunks_.begin(), chunks_.end(), [address](const Chunk& one) {
    return address >= one.address && address < one.address + kChunkBytes;
  });
  if (chunk == chunks_.end() || chunk->is_private) return -EINVAL;
  if (chunk->place.memory == 0) {
    if (used_ == kMemoryBytes) {
      if (int error = AddMemory()) return error;
    }
    uint32_t memory = static_cast<uint32_t>(memories_.size());
    int fd = Descriptor(memory);
    if (fd < 0) return -EBADF;
    if (int error = MoveIntoFile(chunk->address, kChunkBytes, fd, static_cast<off_t>(used_))) {
      return error;
    }
    MarkChunk(chunk->address);
    chunk->place = {memory, static_cast<uint32_t>(used_)};
    used_ += kChunkBytes;
  }
  *place = chunk->place;
  place->offset += static_cast<uint32_t>(address - chunk->address);
  return 0;
}

void BlockMemory::Unshare() {
  for (Chunk& chunk : chunks_) {
    if (chunk.place.memory == 0) continue;
    if (mmap(chunk.address, kChunkBytes, PROT_READ | PROT_WRITE,
             MAP_SHARED | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == MAP_FAILED) {
      return;
    }
    MarkChunk(chunk.address);
    chunk.place = {};
  }
  for (uint32_t memory = 1; memory <= memories_.size(); memory++) {
    int fd = Descriptor(memory);
    if (fd >= 0) close(fd);
  }
  memories_.clear();
  used_ = kMemoryBytes;
}

int BlockMemory::AddMemory() {
  int fd = CreateSealed(kMemoryBytes);
  if (fd < 0) return fd;
  struct stat file;
  if (fstat(fd, &file) != 0) {
    int error = -errno;
    close(fd);
    return error;
  }
  memories_.push_back({fd, file.st_ino});
  used_ = 0;
  return 0;
}

int BlockMemory::Descriptor(uint32_t memory) const {
  if (memory == 0 || memory > memories_.size()) return -1;
  const Memory& known = memories_[memory - 1];
  struct stat file;
  return fstat(known.fd, &file) == 0 && file.st_ino == known.inode ? known.fd : -1;
}

}  // namespace schedhint
