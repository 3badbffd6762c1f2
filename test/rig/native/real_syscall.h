// For a preload that takes the place of libc's syscall(): calls the real one, with all the
// arguments that there may be.

#include <dlfcn.h>
#include <stdarg.h>
#include <stdlib.h>

#define READ_ARGUMENTS(last, arguments)                              \
  do {                                                               \
    va_list list;                                                    \
    va_start(list, last);                                            \
    for (int i = 0; i < 6; i++) (arguments)[i] = va_arg(list, long); \
    va_end(list);                                                    \
  } while (0)

static long real_syscall(long number, const long* a) {
  static long (*real)(long number, ...);
  if (!real) real = (long (*)(long, ...))dlsym(RTLD_NEXT, "syscall");
  if (!real) abort();
  return real(number, a[0], a[1], a[2], a[3], a[4], a[5]);
}
