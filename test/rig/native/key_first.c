// A kernel that does not exist yet, played by a preload: it looks an update's key up before it
// looks at the pointers of the value, so an update for no task is refused for its key (EBADF)
// whatever its value is. Every other call goes to the real kernel. Built and preloaded by
// probe-order.test.ts.

#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

typedef long call(long number, ...);

static int names_no_task(const union bpf_attr* attr) {
  return fcntl(*(const int*)(unsigned long)attr->key, F_GETFD) < 0;
}

long syscall(long number, ...) {
  static call* real;
  long arguments[6];
  va_list list;

  va_start(list, number);
  for (int i = 0; i < 6; i++) arguments[i] = va_arg(list, long);
  va_end(list);
  if (!real) real = (call*)dlsym(RTLD_NEXT, "syscall");
  if (!real) abort();
  if (number == SYS_bpf && arguments[0] == BPF_MAP_UPDATE_ELEM &&
      names_no_task((const union bpf_attr*)arguments[1])) {
    errno = EBADF;
    return -1;
  }
  return real(number, arguments[0], arguments[1], arguments[2], arguments[3], arguments[4],
              arguments[5]);
}
