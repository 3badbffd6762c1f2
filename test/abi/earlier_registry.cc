// A registry as an earlier version of the addon would have made it: its table ends before what came
// later. Loaded as a separate addon, before the real one.

#include <node_api.h>

#include <cstddef>

#include "registry/registry_abi.h"

__attribute__((visibility("default"), used)) inline std::atomic<const schedhint_registry*>
    schedhint_registry_v1{nullptr};

namespace {

// As far as the functions without which nothing can be attached.
schedhint_registry Earlier() {
  schedhint_registry table = {};
  table.version = 1;
  table.size = offsetof(schedhint_registry, counts);
  table.attach = [](const schedhint_channel_spec*, uint64_t,
                    schedhint_status* status) -> schedhint_binding* {
    *status = {};
    status->step = SCHEDHINT_STEP_MEMORY;
    status->error = 12;
    return nullptr;
  };
  table.attach_other = table.attach;
  table.release = [](schedhint_binding*) {};
  table.status = [](schedhint_binding*, schedhint_status*) {};
  table.block = [](schedhint_binding*, uint32_t, uint32_t*) -> void* { return nullptr; };
  table.gc_start = [](schedhint_binding*, const schedhint_gc_layout*) { return 0; };
  table.gc_stop = [](schedhint_binding*) {};
  table.thread_ends = []() {};
  // Behind its end: to call one of these is to crash.
  return table;
}

const schedhint_registry earlier = Earlier();

}  // namespace

extern "C" __attribute__((visibility("default"))) napi_value
napi_register_module_v1(napi_env, napi_value exports) {
  schedhint_registry_v1.store(&earlier);
  return exports;
}
