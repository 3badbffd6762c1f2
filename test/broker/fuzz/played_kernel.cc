#include "played_kernel.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstring>
#include <map>

#include "kernel/block_size.h"
#include "kernel/bpf_syscall.h"

namespace schedhint {
namespace {

const uint32_t kPage = PageSize();
constexpr uint32_t kStructSize = 64;

uint32_t map_id = 1;
// By the descriptor's inode: a pidfd's is its thread's, a map's is the file's that stands for it.
std::map<std::pair<ino_t, ino_t>, int> elements;
std::map<ino_t, uint32_t> open_maps;

ino_t InodeOf(int fd) {
  struct stat file;
  return fstat(fd, &file) == 0 ? file.st_ino : 0;
}

bool IsMapped(uint64_t address) {
  unsigned char resident;
  return mincore(reinterpret_cast<void*>(address / kPage * kPage), kPage, &resident) == 0;
}

int PinPointers(const uint8_t* value) {
  for (uint32_t slot : played::kSlots) {
    uint64_t address;
    std::memcpy(&address, value + slot, sizeof(address));
    if (address == 0) continue;
    // The probe's page that can't be written is the one behind the address.
    if (address % kPage + kStructSize > kPage) return -EOPNOTSUPP;
    if (!IsMapped(address)) return -EFAULT;
    int null = open("/dev/zero", O_RDONLY | O_CLOEXEC);
    bool writable = read(null, reinterpret_cast<void*>(address), 1) == 1;
    close(null);
    if (!writable) return -EFAULT;
  }
  return 0;
}

}  // namespace

namespace played {

size_t Elements() {
  return elements.size();
}

void SetMap(uint32_t id) {
  map_id = id;
}

}  // namespace played

int OpenPinnedMap(const char* path) {
  if (map_id == 0 || std::strcmp(path, played::kPath) != 0) return -ENOENT;
  int fd = memfd_create("played map", MFD_CLOEXEC);
  if (fd < 0) return -errno;
  open_maps[InodeOf(fd)] = map_id;
  return fd;
}

int ReadMapInfo(int map_fd, MapInfo* info) {
  *info = {kMapTypeTaskStorage, open_maps.at(InodeOf(map_fd)), 4, played::kValueSize};
  return 0;
}

int UpdateElement(int map_fd, int key, const void* value, bool may_replace) {
  if (int error = PinPointers(static_cast<const uint8_t*>(value))) return error;
  if (key < 0) return -EBADF;
  bool is_new = elements.try_emplace({open_maps.at(InodeOf(map_fd)), InodeOf(key)}, 1).second;
  return is_new || may_replace ? 0 : -EEXIST;
}

int DeleteElement(int map_fd, int key) {
  return elements.erase({open_maps.at(InodeOf(map_fd)), InodeOf(key)}) == 1 ? 0 : -ENOENT;
}

// As the real one: the probe's scratch thread is a thread.
int OpenThread(pid_t tid) {
  long fd = syscall(SYS_pidfd_open, tid, O_EXCL);
  return fd < 0 ? -errno : static_cast<int>(fd);
}

void CloseDescriptor(int fd) {
  close(fd);
}

int WaitForReaders() {
  return 0;
}

}  // namespace schedhint
