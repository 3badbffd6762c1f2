// Loaded (node --require), it leaves the process not one of its thread-specific keys.

#include <node_api.h>
#include <pthread.h>

NAPI_MODULE_INIT() {
  pthread_key_t key;

  (void)env;
  while (pthread_key_create(&key, NULL) == 0) continue;
  return exports;
}
