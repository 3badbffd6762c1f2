#include "channel/thread_key.h"

#include <errno.h>
#include <poll.h>
#include <sys/stat.h>

#include "kernel/bpf_syscall.h"

namespace schedhint {

ThreadKey::~ThreadKey() {
  if (IsOurs()) CloseDescriptor(fd_);
}

int ThreadKey::Descriptor() {
  if (IsOurs()) return fd_;
  int fd = OpenThread(tid_);
  if (fd < 0) return fd;
  struct stat info;
  inode_ = fstat(fd, &info) == 0 ? info.st_ino : 0;
  fd_ = fd;
  return fd;
}

bool ThreadKey::HasEnded() {
  int fd = Descriptor();
  if (fd < 0) return fd == -ESRCH;
  pollfd ended = {fd, POLLIN, 0};
  return poll(&ended, 1, 0) > 0;
}

// Whether the descriptor is still the one that was opened: the app may have closed it, and its
// number may be in use for another file.
bool ThreadKey::IsOurs() const {
  struct stat info;
  return fd_ >= 0 && fstat(fd_, &info) == 0 && info.st_ino == inode_;
}

}  // namespace schedhint
