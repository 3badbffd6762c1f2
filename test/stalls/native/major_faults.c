/*
 * An addon that waits for pages of a mapped file: readPages(path, ms). Each page has been dropped
 * from the page cache before it is read, so that each is a major fault.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <node_api.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define PAGE 4096

static double now_ms(void) {
  struct timespec now;

  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * 1e3 + now.tv_nsec / 1e6;
}

/* The sum of what was read; -1: it failed. */
static int64_t read_pages(const char* path, double until) {
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  int64_t sum = 0;
  struct stat about;

  if (fd < 0 || fstat(fd, &about)) {
    if (fd >= 0) close(fd);
    return -1;
  }
  do {
    volatile const char* bytes;

    posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
    bytes = mmap(NULL, about.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
    if (bytes == MAP_FAILED) {
      sum = -1;
      break;
    }
    madvise((void*)bytes, about.st_size, MADV_RANDOM); /* no other pages with it */
    for (off_t at = 0; at < about.st_size && now_ms() < until; at += PAGE) sum += bytes[at];
    munmap((void*)bytes, about.st_size);
  } while (now_ms() < until);
  close(fd);
  return sum;
}

static napi_value read_pages_of(napi_env env, napi_callback_info info) {
  napi_value arguments[2], result;
  size_t count = 2, length;
  char path[4096];
  double ms = 0;

  napi_get_cb_info(env, info, &count, arguments, NULL, NULL);
  napi_get_value_string_utf8(env, arguments[0], path, sizeof(path), &length);
  napi_get_value_double(env, arguments[1], &ms);
  napi_create_int64(env, read_pages(path, now_ms() + ms), &result);
  return result;
}

NAPI_MODULE_INIT() {
  napi_value function;

  napi_create_function(env, "readPages", NAPI_AUTO_LENGTH, read_pages_of, NULL, &function);
  napi_set_named_property(env, exports, "readPages", function);
  return exports;
}
