#include "block_memory.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>

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

int CreateSealed(size_t bytes) {
  // A file larger than the limit would not be refused: it would raise SIGXFSZ.
  rlimit limit;
  if (getrlimit(RLIMIT_FSIZE, &limit) == 0 && limit.rlim_cur < bytes) return -1;
  constexpr unsigned kFlags = kCloexec | kAllowSealing;
  long fd = syscall(SYS_memfd_create, "schedhint", kFlags | kNoExecSeal);
  if (fd < 0 && errno == EINVAL) fd = syscall(SYS_memfd_create, "schedhint", kFlags);
  if (fd < 0) return -1;
  if (ftruncate(static_cast<int>(fd), static_cast<off_t>(bytes)) != 0 ||
      fcntl(static_cast<int>(fd), kAddSeals, kSeals) != 0) {
    close(static_cast<int>(fd));
    return -1;
  }
  return static_cast<int>(fd);
}

}  // namespace

Chunk BlockMemory::Map() {
  int fd = used_ < kMemoryBytes || AddMemory() ? memories_.back().fd : -1;
  Chunk chunk;
  if (fd >= 0 && Descriptor(static_cast<uint32_t>(memories_.size())) == fd) {
    void* shared = mmap(nullptr, kChunkBytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd,
                        static_cast<off_t>(used_));
    if (shared == MAP_FAILED) return {};
    if (LeaveOutOfForkedChildren(shared)) {
      chunk = {static_cast<uint8_t*>(shared), static_cast<uint32_t>(memories_.size()),
               static_cast<uint32_t>(used_)};
      used_ += kChunkBytes;
    } else {
      munmap(shared, kChunkBytes);
    }
  }
  if (chunk.address == nullptr) {
    void* own =
        mmap(nullptr, kChunkBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (own == MAP_FAILED) return {};
    if (madvise(own, kChunkBytes, MADV_WIPEONFORK) != 0) {
      int error = errno;
      munmap(own, kChunkBytes);
      errno = error;
      return {};
    }
    chunk.address = static_cast<uint8_t*>(own);
  }
  madvise(chunk.address, kChunkBytes, MADV_NOHUGEPAGE);  // a pin would hold the whole huge page
  return chunk;
}

bool BlockMemory::AddMemory() {
  int fd = CreateSealed(kMemoryBytes);
  if (fd < 0) return false;
  struct stat file;
  if (fstat(fd, &file) != 0) {
    close(fd);
    return false;
  }
  memories_.push_back({fd, file.st_ino});
  used_ = 0;
  return true;
}

int BlockMemory::Descriptor(uint32_t memory) const {
  if (memory == 0 || memory > memories_.size()) return -1;
  const Memory& known = memories_[memory - 1];
  struct stat file;
  return fstat(known.fd, &file) == 0 && file.st_ino == known.inode ? known.fd : -1;
}

}  // namespace schedhint
