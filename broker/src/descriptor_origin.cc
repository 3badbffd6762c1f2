#include "descriptor_origin.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "descriptor.h"

namespace schedhint::broker {
namespace {

constexpr unsigned long long kUnknown = ~0ull;
#ifndef SYS_pidfd_open
#define SYS_pidfd_open 434
#endif

// The device number of its file system: the kernel has one instance for all pidfds, and one for all
// memfds that are not of huge pages, which no mount makes another of.
unsigned long long DeviceOf(int fd) {
  struct statx file;
  // DONT_SYNC: with what the kernel knows already.
  if (statx(fd, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC, STATX_BASIC_STATS, &file) != 0) {
    return kUnknown;
  }
  return static_cast<unsigned long long>(file.stx_dev_major) << 32 | file.stx_dev_minor;
}

}  // namespace

bool DescriptorOrigins::Learn() {
  Descriptor pidfd(static_cast<int>(syscall(SYS_pidfd_open, getpid(), 0)));
  Descriptor memfd(memfd_create("schedhint-broker", MFD_CLOEXEC));
  if (!pidfd.is_open() || !memfd.is_open()) return false;
  pidfds_ = DeviceOf(pidfd.get());
  memfds_ = DeviceOf(memfd.get());
  return pidfds_ != kUnknown && memfds_ != kUnknown;
}

Origin DescriptorOrigins::Of(int fd) const {
  unsigned long long device = DeviceOf(fd);
  if (device == pidfds_) return Origin::kPidfd;
  return device == memfds_ ? Origin::kMemfd : Origin::kForeign;
}

}  // namespace schedhint::broker
