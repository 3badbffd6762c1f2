#pragma once
// The few system calls that bind a thread. Each returns a value >= 0, or -errno.

#include <sys/types.h>

#include <cstdint>

namespace schedhint {

struct MapInfo {
  uint32_t type;
  uint32_t id;
  uint32_t key_size;
  uint32_t value_size;
};

constexpr uint32_t kMapTypeTaskStorage = 29;  // enum bpf_map_type, linux/bpf.h

int OpenPinnedMap(const char* path);
int ReadMapInfo(int map_fd, MapInfo* info);
// `key` is a descriptor of the thread (PIDFD_THREAD); the value is copied, its pages are pinned.
// EEXIST if there is an element and it may not be replaced.
int UpdateElement(int map_fd, int key, const void* value, bool may_replace = true);
int DeleteElement(int map_fd, int key);

// A descriptor that names exactly this thread (Linux 6.9).
int OpenThread(pid_t tid);
void CloseDescriptor(int fd);

// Waits until every CPU has passed through a quiescent state, so that no BPF program that began
// before still runs.
int WaitForReaders();

}  // namespace schedhint
