// Probes bpf(2), pidfd_open(2) and memfd_create(2) with a harmless call of each.

#include "kernel/refused_calls.h"

#include <errno.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "kernel/bpf_syscall.h"

namespace schedhint {
namespace {

int Closed(int fd_or_error) {
  if (fd_or_error < 0) return fd_or_error;
  CloseDescriptor(fd_or_error);
  return 0;
}

// An empty path always fails; ENOENT means that bpf(2) itself is allowed.
int TryBpf() {
  int result = Closed(OpenPinnedMap(""));
  return result == -ENOENT ? 0 : result;
}

int TryMemfd() {
  long fd = syscall(SYS_memfd_create, "schedhint", 1 /* MFD_CLOEXEC */);
  return Closed(fd < 0 ? -errno : static_cast<int>(fd));
}

}  // namespace

RefusedCalls FindRefusedCalls() {
  return {TryBpf(), Closed(OpenThread(static_cast<pid_t>(syscall(SYS_gettid)))), TryMemfd()};
}

}  // namespace schedhint
