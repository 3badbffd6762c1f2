// For a test to run out of memory at one point exactly: refuseMemory() lets the process map nothing
// more, allowMemory() lets it map again. In between only what is under test may run: V8 does not
// survive a refusal.

#include <node_api.h>
#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>

static napi_value refuse(napi_env env, napi_callback_info info) {
  FILE* file = fopen("/proc/self/statm", "re");
  struct rlimit limit;
  unsigned long pages = 0;

  (void)info;
  if (file && fscanf(file, "%lu", &pages) != 1) pages = 0;
  if (file) fclose(file);
  getrlimit(RLIMIT_AS, &limit);
  limit.rlim_cur = pages * (unsigned long)sysconf(_SC_PAGESIZE);
  if (!pages || setrlimit(RLIMIT_AS, &limit)) napi_throw_error(env, NULL, "no limit could be set");
  return NULL;
}

static napi_value allow(napi_env env, napi_callback_info info) {
  struct rlimit limit;

  (void)info;
  getrlimit(RLIMIT_AS, &limit);
  limit.rlim_cur = limit.rlim_max;
  if (setrlimit(RLIMIT_AS, &limit)) napi_throw_error(env, NULL, "the limit could not be raised");
  return NULL;
}

NAPI_MODULE_INIT() {
  napi_value function;

  napi_create_function(env, "refuseMemory", NAPI_AUTO_LENGTH, refuse, NULL, &function);
  napi_set_named_property(env, exports, "refuseMemory", function);
  napi_create_function(env, "allowMemory", NAPI_AUTO_LENGTH, allow, NULL, &function);
  napi_set_named_property(env, exports, "allowMemory", function);
  return exports;
}
