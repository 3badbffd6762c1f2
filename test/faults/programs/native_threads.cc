// Threads of a native addon that bind themselves, as a library's own would: through the registry
// that serves this process, which schedhint's addon has published before this one is loaded.

#include <node_api.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <condition_variable>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "registry/registry_abi.h"

// The linker gives us the one that is there already: see shared_registry.cc.
__attribute__((visibility("default"), used)) inline std::atomic<const schedhint_registry*>
    schedhint_registry_v1{nullptr};

namespace {

// Node.js counts its threads from 0.
std::atomic<uint64_t> next_id{1ull << 40};
const schedhint_slot kSlots[] = {{0, 256, SCHEDHINT_OWNER_THREAD, 72, 128},
                                 {8, 128, SCHEDHINT_OWNER_PROCESS, 16, 64}};

std::mutex mutex;
std::condition_variable changed;
bool ending = false;
std::vector<int> tids;
std::vector<std::thread> threads;

void Live(const std::string& map) {
  const schedhint_registry* registry = schedhint_registry_v1.load();
  schedhint_channel_spec spec = {};
  spec.path = map.c_str();
  spec.broker = "";
  spec.value_size = 16;
  spec.slot_count = 2;
  spec.slots = kSlots;
  spec.count_slot = 1;
  spec.count_offset = 8;
  schedhint_status status;
  schedhint_binding* binding = registry->attach(&spec, next_id++, &status);
  {
    std::unique_lock<std::mutex> lock(mutex);
    tids.push_back(binding == nullptr ? 0 : static_cast<int>(syscall(SYS_gettid)));
    changed.notify_all();
    changed.wait(lock, [] { return ending; });
  }
  registry->thread_ends();
  if (binding != nullptr) registry->release(binding);
}

// startThreads(map, count): their ids in the kernel, once they have attached; 0 of one that failed.
napi_value StartThreads(napi_env env, napi_callback_info info) {
  napi_value arguments[2], result;
  size_t argument_count = 2, length;
  uint32_t count;
  char map[4096];
  napi_get_cb_info(env, info, &argument_count, arguments, nullptr, nullptr);
  napi_get_value_string_utf8(env, arguments[0], map, sizeof(map), &length);
  napi_get_value_uint32(env, arguments[1], &count);
  if (schedhint_registry_v1.load() == nullptr) {
    napi_throw_error(env, nullptr, "no registry: load schedhint first");
    return nullptr;
  }
  std::unique_lock<std::mutex> lock(mutex);
  ending = false;
  tids.clear();
  for (uint32_t i = 0; i < count; i++) threads.emplace_back(Live, std::string(map));
  changed.wait(lock, [&] { return tids.size() == count; });
  napi_create_array(env, &result);
  for (uint32_t i = 0; i < count; i++) {
    napi_value tid;
    napi_create_int32(env, tids[i], &tid);
    napi_set_element(env, result, i, tid);
  }
  return result;
}

napi_value EndThreads(napi_env, napi_callback_info) {
  {
    std::lock_guard<std::mutex> lock(mutex);
    ending = true;
    changed.notify_all();
  }
  for (std::thread& thread : threads) thread.join();
  threads.clear();
  return nullptr;
}

}  // namespace

NAPI_MODULE_INIT() {
  napi_value start, end;
  napi_create_function(env, "startThreads", NAPI_AUTO_LENGTH, StartThreads, nullptr, &start);
  napi_create_function(env, "endThreads", NAPI_AUTO_LENGTH, EndThreads, nullptr, &end);
  napi_set_named_property(env, exports, "startThreads", start);
  napi_set_named_property(env, exports, "endThreads", end);
  return exports;
}
