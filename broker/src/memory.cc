#include "memory.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <schedhint/schedhint_broker.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include "kernel/block_size.h"

namespace schedhint::broker {
namespace {

constexpr int kGetSeals = 1024 + 10;  // F_GET_SEALS, linux/fcntl.h
constexpr int kSeal = 1, kShrink = 2, kGrow = 4, kExec = 32;
constexpr int kNeeded = kSeal | kShrink | kGrow;

bool IsFit(int memfd, size_t* bytes) {
  struct statfs system;
  struct stat file;
  if (fstatfs(memfd, &system) != 0 || system.f_type != TMPFS_MAGIC) return false;
  // A larger block size tells of huge pages, where one pin would hold two megabytes.
  if (fstat(memfd, &file) != 0 || !S_ISREG(file.st_mode) || file.st_blksize != PageSize()) {
    return false;
  }
  if (file.st_size < PageSize() || file.st_size > SCHEDHINT_BROKER_MEMORY_BYTES ||
      file.st_size % PageSize() != 0) {
    return false;
  }
  *bytes = static_cast<size_t>(file.st_size);
  // A file on a mounted tmpfs has seals too, or at least the seal on seals.
  int seals = fcntl(memfd, kGetSeals);
  return seals >= 0 && (seals & ~kExec) == kNeeded;
}

}  // namespace

std::shared_ptr<Memory> Memory::Map(int memfd, std::shared_ptr<Payer> payer) {
  size_t bytes = 0;
  if (!IsFit(memfd, &bytes)) return nullptr;
  void* address = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, memfd, 0);
  if (address == MAP_FAILED) return nullptr;
  madvise(address, bytes, MADV_NOHUGEPAGE);
  return std::shared_ptr<Memory>(new Memory(address, bytes, std::move(payer)));
}

Memory::Memory(void* address, size_t bytes, std::shared_ptr<Payer> payer)
    : address_(address), bytes_(bytes), payer_(std::move(payer)), pins_(bytes / PageSize()) {}

Memory::~Memory() {
  Unmap();
}

uint64_t Memory::Address(uint32_t offset, uint32_t size) const {
  if (address_ == nullptr || offset >= bytes_ || offset % PageSize() + size > PageSize()) return 0;
  return reinterpret_cast<uintptr_t>(address_) + offset;
}

bool Memory::Pin(uint32_t page) {
  if (!payer_->Take(kPins, 1)) return false;
  if (pins_[page] == 0 && !payer_->Take(kPages, 1)) {
    payer_->Return(kPins, 1);
    return false;
  }
  pins_[page]++;
  return true;
}

void Memory::Unpin(uint32_t page) {
  payer_->Return(kPins, 1);
  if (--pins_[page] == 0) payer_->Return(kPages, 1);
}

void Memory::Unmap() {
  if (address_ != nullptr) munmap(address_, bytes_);
  address_ = nullptr;
}

}  // namespace schedhint::broker
