// The benchmark's BPF object: maps to write to, and a program at a uprobe.

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "bench.h"

static struct bpf_object* object;
static struct bpf_link* link;
static char failure[512];

static int quiet(enum libbpf_print_level level, const char* format, va_list arguments) {
  (void)level, (void)format, (void)arguments;
  return 0;
}

static const char* failed(const char* what, int error) {
  snprintf(failure, sizeof(failure), "%s failed: %s", what, strerror(-error));
  unload_object();
  return failure;
}

const char* load_object(const char* path, const char* pins, const char* self) {
  LIBBPF_OPTS(bpf_uprobe_opts, at, .func_name = "bench_probed");
  int error;

  libbpf_set_print(quiet);
  object = bpf_object__open_file(path, NULL);
  if (!object) return failed("opening the BPF object", -errno);
  error = bpf_object__load(object);
  if (error) return failed("loading the BPF object", error);
  struct bpf_map* map;
  bpf_object__for_each_map(map, object) {
    char pin[4096];
    if (bpf_map__type(map) != BPF_MAP_TYPE_TASK_STORAGE) continue;
    snprintf(pin, sizeof(pin), "%s/%s", pins, bpf_map__name(map));
    error = bpf_map__pin(map, pin);
    if (error) return failed("pinning a map", error);
  }
  link = bpf_program__attach_uprobe_opts(bpf_object__find_program_by_name(object, "take_hint"), -1,
                                         self, 0, &at);
  if (!link) return failed("attaching the uprobe", -errno);
  return NULL;
}

int pin_another(const char* path, const char* pin) {
  struct bpf_object* another = bpf_object__open_file(path, NULL);
  int error, fd = -1;

  if (!another) return -errno;
  error = bpf_object__load(another);
  if (!error) error = bpf_map__pin(bpf_object__find_map_by_name(another, "schedhint"), pin);
  if (!error) fd = fcntl(bpf_object__find_map_fd_by_name(another, "schedhint"), F_DUPFD_CLOEXEC, 0);
  bpf_object__close(another);
  return error ? error : fd;
}

uint32_t map_id(int fd) {
  struct bpf_map_info info = {0};
  uint32_t size = sizeof(info);

  return bpf_obj_get_info_by_fd(fd, &info, &size) ? 0 : info.id;
}

int map_descriptor(const char* name) {
  return object ? bpf_object__find_map_fd_by_name(object, name) : -ENOENT;
}

void unload_object(void) {
  bpf_link__destroy(link);
  bpf_object__close(object);
  link = NULL;
  object = NULL;
}
