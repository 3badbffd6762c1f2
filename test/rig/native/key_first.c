// A kernel that does not exist yet, played by a preload: it looks an update's key up before it
// looks at the pointers of the value, so an update for no task is refused for its key (EBADF)
// whatever its value is. Every other call goes to the real kernel. Built and preloaded by
// probe-order.test.ts.

#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "real_syscall.h"

static int names_no_task(const union bpf_attr* attr) {
  return fcntl(*(const int*)(unsigned long)attr->key, F_GETFD) < 0;
}

long syscall(long number, ...) {
  long arguments[6];

  READ_ARGUMENTS(number, arguments);
  if (number == SYS_bpf && arguments[0] == BPF_MAP_UPDATE_ELEM &&
      names_no_task((const union bpf_attr*)arguments[1])) {
    errno = EBADF;
    return -1;
  }
  return real_syscall(number, arguments);
}
