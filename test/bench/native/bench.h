#pragma once
// What the benchmark measures in C. A loop that is measured runs `count` times and returns the
// nanoseconds that it took; one that could not is negative: -errno.

#include <node_api.h>
#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#ifdef __cplusplus
extern "C" {
#endif

static inline int64_t now_ns(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * 1000000000LL + now.tv_nsec;
}

// writes.c
int64_t store_plain(uint32_t count);
void store_field(uint32_t field, uint32_t value);
int64_t store_seq_cst(uint32_t count);
int64_t rename_thread(uint32_t count);
int64_t call_probed(uint32_t count);
int64_t update_hint(uint32_t count);
int64_t read_two_clocks(uint32_t count);

// objects.c: loads the BPF object at `path`, pins its maps in `pins` and attaches the uprobe to
// bench_probed() in the file `self`. Null, or what failed.
const char* load_object(const char* path, const char* pins, const char* self);
// Of a map of that object, or -errno.
int map_descriptor(const char* name);
void unload_object(void);
// One more map like the object's `schedhint`, pinned: its descriptor, or -errno.
int pin_another(const char* path, const char* pin);
uint32_t map_id(int fd);

// hooks.cc: so many of the addon's GC hook are in this isolate from now on, next to the addon's
// own. Negative: V8 has no such callbacks.
int64_t install_hooks(uint32_t count);
int64_t install_empty_hooks(uint32_t count);

#ifdef __cplusplus
}
#endif
