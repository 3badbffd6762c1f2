#include "kernel/bpf_syscall.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstddef>
#include <cstring>

namespace schedhint {
namespace {

// Not in the headers that a glibc 2.28 system builds with.
#ifndef SYS_pidfd_open
#define SYS_pidfd_open 434
#endif
constexpr unsigned kPidfdThread = O_EXCL;     // PIDFD_THREAD, linux/pidfd.h
constexpr int kMembarrierGlobal = 1;          // MEMBARRIER_CMD_GLOBAL, linux/membarrier.h
constexpr int kAttemptsAgainstParallel = 64;  // of EAGAIN: two first inserts for one task

int Bpf(int command, bpf_attr* attr, size_t size = sizeof(bpf_attr)) {
  long result = syscall(SYS_bpf, command, attr, size);
  return result < 0 ? -errno : static_cast<int>(result);
}

int ChangeElement(int command, int map_fd, int key, const void* value, uint64_t flags) {
  // The part of it that the command has: the kernel copies all that it is given.
  constexpr size_t kSize = offsetof(bpf_attr, flags) + sizeof(bpf_attr::flags);
  bpf_attr attr;
  std::memset(&attr, 0, kSize);
  attr.map_fd = map_fd;
  attr.key = reinterpret_cast<uintptr_t>(&key);
  attr.value = reinterpret_cast<uintptr_t>(value);
  attr.flags = flags;
  int result = 0;
  for (int i = 0; i < kAttemptsAgainstParallel; i++) {
    result = Bpf(command, &attr, kSize);
    if (result != -EAGAIN) break;
  }
  return result;
}

}  // namespace

int OpenPinnedMap(const char* path) {
  bpf_attr attr;
  std::memset(&attr, 0, sizeof(attr));
  attr.pathname = reinterpret_cast<uintptr_t>(path);
  return Bpf(BPF_OBJ_GET, &attr);  // the kernel sets O_CLOEXEC
}

int ReadMapInfo(int map_fd, MapInfo* info) {
  bpf_map_info raw;
  std::memset(&raw, 0, sizeof(raw));
  bpf_attr attr;
  std::memset(&attr, 0, sizeof(attr));
  attr.info.bpf_fd = map_fd;
  attr.info.info_len = sizeof(raw);
  attr.info.info = reinterpret_cast<uintptr_t>(&raw);
  int result = Bpf(BPF_OBJ_GET_INFO_BY_FD, &attr);
  if (result < 0) return result;
  *info = {raw.type, raw.id, raw.key_size, raw.value_size};
  return 0;
}

int UpdateElement(int map_fd, int key, const void* value, bool may_replace) {
  uint64_t flags = may_replace ? BPF_ANY : BPF_NOEXIST;
  return ChangeElement(BPF_MAP_UPDATE_ELEM, map_fd, key, value, flags);
}

int DeleteElement(int map_fd, int key) {
  return ChangeElement(BPF_MAP_DELETE_ELEM, map_fd, key, nullptr, 0);
}

int OpenThread(pid_t tid) {
  long fd = syscall(SYS_pidfd_open, tid, kPidfdThread);
  return fd < 0 ? -errno : static_cast<int>(fd);
}

void CloseDescriptor(int fd) {
  close(fd);
}

int WaitForReaders() {
  return syscall(SYS_membarrier, kMembarrierGlobal, 0, 0) < 0 ? -errno : 0;
}

}  // namespace schedhint
