// Lets an addon that was built on a new system load on an old one: glibc 2.28 and GCC 8's libstdc++
// (RHEL 8), which is what Node.js 20 to 26 themselves ask for. Each definition here stands in,
// within this library alone, for a symbol whose only version that a linker would choose today is
// younger. test/packaging/install asserts the result on the binary.

#include <features.h>

#if defined(__GLIBC__) && (defined(__x86_64__) || defined(__aarch64__))

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

// The first version of every symbol on this architecture. What glibc 2.34 moved from libpthread to
// libc is still there under it, for old binaries.
#ifdef __x86_64__
#define FIRST_VERSION "GLIBC_2.2.5"
#else
#define FIRST_VERSION "GLIBC_2.17"
#endif
#define AS_OF_OLD(name) __asm__(".symver first_" #name "," #name "@" FIRST_VERSION)

AS_OF_OLD(pthread_attr_setstacksize);
AS_OF_OLD(pthread_create);
AS_OF_OLD(pthread_getspecific);
AS_OF_OLD(pthread_key_create);
AS_OF_OLD(pthread_setspecific);
AS_OF_OLD(pthread_sigmask);

extern "C" {

int first_pthread_attr_setstacksize(pthread_attr_t*, size_t);
int first_pthread_create(pthread_t*, const pthread_attr_t*, void* (*)(void*), void*);
void* first_pthread_getspecific(pthread_key_t);
int first_pthread_key_create(pthread_key_t*, void (*)(void*));
int first_pthread_setspecific(pthread_key_t, void*);
int first_pthread_sigmask(int, const sigset_t*, sigset_t*);

int pthread_attr_setstacksize(pthread_attr_t* attributes, size_t bytes) {
  return first_pthread_attr_setstacksize(attributes, bytes);
}

int pthread_create(pthread_t* thread, const pthread_attr_t* attributes, void* (*run)(void*),
                   void* argument) {
  return first_pthread_create(thread, attributes, run, argument);
}

void* pthread_getspecific(pthread_key_t key) {
  return first_pthread_getspecific(key);
}

int pthread_key_create(pthread_key_t* key, void (*at_end)(void*)) {
  return first_pthread_key_create(key, at_end);
}

int pthread_setspecific(pthread_key_t key, const void* value) {
  return first_pthread_setspecific(key, const_cast<void*>(value));
}

int pthread_sigmask(int how, const sigset_t* set, sigset_t* before) {
  return first_pthread_sigmask(how, set, before);
}

// Until glibc 2.33 these were inline, over functions that take a version of the struct. On these
// architectures the kernel's struct is glibc's.
int fstat(int fd, struct stat* file) {
  return static_cast<int>(syscall(SYS_fstat, fd, file));
}

int stat(const char* path, struct stat* file) {
  return static_cast<int>(syscall(SYS_newfstatat, AT_FDCWD, path, file, 0));
}

}  // extern "C"

// GCC 11's. Nothing here catches: to throw is to end.
namespace std {
[[noreturn]] void __throw_bad_array_new_length() {
  abort();
}
}  // namespace std

#endif
