// SPDX-License-Identifier: GPL-2.0
/*
 * The kernel's own user half of task local data, which it includes, for JavaScript: see
 * kernel-headers.ts and kernel-client.ts. A process has one map, and each thread its values.
 */
#include <linux/types.h>
#include <node_api.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Of the kernel's tests, which the header is a part of. */
#define sys_gettid() syscall(SYS_gettid)
#define strscpy(to, from) copy(to, from, sizeof(to))

static void copy(char* to, const char* from, size_t size) {
  size_t length = strnlen(from, size - 1);

  memcpy(to, from, length);
  to[length] = 0;
}

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wunused-variable"
#include TLD_HEADER
#pragma GCC diagnostic pop

static int map_fd = -1;

static napi_value number(napi_env env, int64_t value) {
  napi_value result;
  napi_create_int64(env, value, &result);
  return result;
}

static void text_of(napi_env env, napi_value value, char* text, size_t size) {
  size_t length;
  text[0] = 0;
  napi_get_value_string_utf8(env, value, text, size, &length);
}

/* open(path): 0 or -errno. Only the first call opens one. */
static napi_value open_map(napi_env env, napi_callback_info info) {
  napi_value arguments[1];
  size_t count = 1;
  char path[4096];

  napi_get_cb_info(env, info, &count, arguments, NULL, NULL);
  text_of(env, arguments[0], path, sizeof(path));
  if (map_fd < 0) map_fd = bpf_obj_get(path);
  return number(env, map_fd < 0 ? -errno : 0);
}

/* Of the process. The header makes a key once, and has no way to find one that there is. */
static struct {
  char name[64];
  tld_key_t key;
} keys[64];
static int key_count;
static pthread_mutex_t keys_lock = PTHREAD_MUTEX_INITIALIZER;

/* The calling thread's value of 8 bytes; makes the key if it is missing. NULL: it has no values. */
static uint64_t* value_of(const char* name) {
  uint64_t* value = NULL;
  int i;

  pthread_mutex_lock(&keys_lock);
  for (i = 0; i < key_count && strcmp(keys[i].name, name); i++);
  if (i == key_count) {
    copy(keys[i].name, name, sizeof(keys[i].name));
    keys[i].key = tld_create_key(name, sizeof(*value));
    key_count++;
  }
  if (!tld_key_is_err(keys[i].key)) value = tld_get_data(map_fd, keys[i].key);
  pthread_mutex_unlock(&keys_lock);
  return value;
}

/* set(name, value): in the calling thread; whether it has values. */
static napi_value set(napi_env env, napi_callback_info info) {
  napi_value arguments[2];
  size_t count = 2;
  char name[64];
  int64_t number_to_set = 0;
  uint64_t* value;

  napi_get_cb_info(env, info, &count, arguments, NULL, NULL);
  text_of(env, arguments[0], name, sizeof(name));
  napi_get_value_int64(env, arguments[1], &number_to_set);
  value = value_of(name);
  if (value) *value = (uint64_t)number_to_set;
  return number(env, value != NULL);
}

/* get(name): in the calling thread; -1: it has no values. */
static napi_value get(napi_env env, napi_callback_info info) {
  napi_value arguments[1];
  size_t count = 1;
  char name[64];
  uint64_t* value;

  napi_get_cb_info(env, info, &count, arguments, NULL, NULL);
  text_of(env, arguments[0], name, sizeof(name));
  value = value_of(name);
  return number(env, value ? (int64_t)*value : -1);
}

static void export(napi_env env, napi_value exports, const char* name, napi_callback function) {
  napi_value value;

  napi_create_function(env, name, NAPI_AUTO_LENGTH, function, NULL, &value);
  napi_set_named_property(env, exports, name, value);
}

NAPI_MODULE_INIT() {
  export(env, exports, "open", open_map);
  export(env, exports, "set", set);
  export(env, exports, "get", get);
  return exports;
}
