#include "memory.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <schedhint/schedhint_broker.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include <utility>

#include "kernel/block_size.h"

namespace schedhint::broker {
namespace {

constexpr int kAddSeals = 1024 + 9;   // F_ADD_SEALS, linux/fcntl.h
constexpr int kGetSeals = 1024 + 10;  // F_GET_SEALS
constexpr int kSeal = 1, kShrink = 2, kGrow = 4, kFutureWrite = 16, kExec = 32;
constexpr blkcnt_t kStatBlock = 512;  // what st_blocks counts, whatever the file system

// Fixes the size, and says what it is.
bool FixSize(int memfd, size_t* bytes) {
  struct statfs system;
  struct stat file;
  if (fstatfs(memfd, &system) != 0 || system.f_type != TMPFS_MAGIC) return false;
  // EPERM where it is sealed against seals, as are a file on a mounted tmpfs and a memfd that was
  // handed over before, or not open for writing.
  if (fcntl(memfd, kAddSeals, kShrink | kGrow) != 0) return false;
  // A larger block size means huge pages, where one pin would hold two megabytes.
  if (fstat(memfd, &file) != 0 || !S_ISREG(file.st_mode) ||
      static_cast<uint64_t>(file.st_blksize) != PageSize()) {
    return false;
  }
  if (file.st_size < PageSize() || file.st_size > SCHEDHINT_BROKER_MEMORY_BYTES ||
      file.st_size % PageSize() != 0) {
    return false;
  }
  *bytes = static_cast<size_t>(file.st_size);
  return true;
}

// From now on no hole can be made in it (fallocate(2) and MADV_REMOVE: EPERM) and no process maps
// it writable any more; mappings that are there go on.
bool FixPages(int memfd) {
  if (fcntl(memfd, kAddSeals, kFutureWrite | kSeal) != 0) return false;
  int seals = fcntl(memfd, kGetSeals);
  return seals >= 0 && (seals & ~kExec) == (kSeal | kShrink | kGrow | kFutureWrite);
}

bool IsAllocated(int memfd, size_t bytes) {
  struct stat file;
  return fstat(memfd, &file) == 0 && file.st_blocks * kStatBlock >= static_cast<off_t>(bytes);
}

}  // namespace

std::shared_ptr<Memory> Memory::Map(int memfd, std::shared_ptr<Payer> payer) {
  size_t bytes = 0;
  if (!FixSize(memfd, &bytes)) return nullptr;
  // Before the seal, after which we could not either.
  void* address = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, memfd, 0);
  if (address == MAP_FAILED) return nullptr;
  madvise(address, bytes, MADV_NOHUGEPAGE);
  // Last, when the client can't take a page away any more.
  if (!FixPages(memfd) || !IsAllocated(memfd, bytes)) {
    munmap(address, bytes);
    return nullptr;
  }
  return std::shared_ptr<Memory>(new Memory(address, bytes, std::move(payer)));
}

Memory::Memory(void* address, size_t bytes, std::shared_ptr<Payer> payer)
    : address_(address), bytes_(bytes), payer_(std::move(payer)), pages_(bytes / PageSize()) {}

Memory::~Memory() {
  Unmap();
}

uint64_t Memory::Address(uint32_t offset, uint32_t size) const {
  if (address_ == nullptr || offset >= bytes_ || offset % PageSize() + size > PageSize()) return 0;
  return reinterpret_cast<uintptr_t>(address_) + offset;
}

bool Memory::Point(uint32_t number) {
  Page& page = pages_[number];
  if (page.pointers == 0 && !page.waits && !payer_->Take(kPages, 1)) return false;
  page.pointers++;
  return true;
}

void Memory::Drop(uint32_t number) {
  pages_[number].pointers--;
  ReturnIfUnused(pages_[number]);
}

bool Memory::Wait(uint32_t number) {
  Page& page = pages_[number];
  if (--page.pointers > 0) return false;
  page.waits_again = page.waits;
  return !std::exchange(page.waits, true);
}

bool Memory::EndWait(uint32_t number) {
  Page& page = pages_[number];
  if (std::exchange(page.waits_again, false) && page.pointers == 0) return false;
  page.waits = false;
  ReturnIfUnused(page);
  return true;
}

void Memory::ReturnIfUnused(const Page& page) {
  if (page.pointers == 0 && !page.waits) payer_->Return(kPages, 1);
}

void Memory::Unmap() {
  if (address_ != nullptr) munmap(address_, bytes_);
  address_ = nullptr;
}

}  // namespace schedhint::broker
