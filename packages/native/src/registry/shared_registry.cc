// The one registry of this process, whichever copy of the addon made it.

#include <errno.h>

#include <cstring>

#include "kernel/monotonic_clock.h"
#include "registry/registry.h"
#include "registry/registry_abi.h"

// An inline variable is what makes GCC emit STB_GNU_UNIQUE; a test reads the symbol table and loads
// two copies. Exported, so that the linker finds the first copy's. Never freed: threads outlive
// every destructor that could do it.
__attribute__((visibility("default"), used)) inline std::atomic<const schedhint_registry*>
    schedhint_registry_v1{nullptr};

namespace schedhint {
namespace {

Registry& Own() {
  static Registry* const registry = new Registry;
  return *registry;
}

const schedhint_registry own_table = {
    1,
    sizeof(schedhint_registry),
    [](const schedhint_channel_spec* spec, uint64_t thread_id, schedhint_status* status) {
      return Own().Attach(*spec, thread_id, true, status);
    },
    [](const schedhint_channel_spec* spec, uint64_t thread_id, schedhint_status* status) {
      return Own().Attach(*spec, thread_id, false, status);
    },
    [](schedhint_binding* binding) { Own().Release(binding); },
    [](schedhint_binding* binding, schedhint_status* status) { *status = Own().Status(binding); },
    [](schedhint_binding* binding, uint32_t slot, uint32_t* size) -> void* {
      return Own().BlockOf(binding, slot, size);
    },
    [](schedhint_binding* binding, const schedhint_gc_layout* layout) -> int {
      return Own().StartGc(binding, *layout) ? 1 : 0;
    },
    [](schedhint_binding* binding) { Own().StopGc(binding); },
    []() { Own().ThreadEnds(); },
    [](schedhint_counts* counts) { *counts = Own().Counts(); },
    []() { return Own().time_namespace_offset(); },
    [](schedhint_listener listener, void* data) { Own().Listen(listener, data); },
    [](schedhint_listener listener, void* data) { Own().Unlisten(listener, data); },
    [](uint64_t thread_id) { Own().WorkerOnline(thread_id); },
    [](uint64_t thread_id) { Own().WorkerEnded(thread_id); },
    []() { return Own().UnreachedWorkers(); },
    [](schedhint_binding* binding, int32_t hint) {
      if (binding->hint != nullptr) binding->hint->Set(hint);
    },
    [](const schedhint_tld_key* keys, uint32_t count, uint32_t dynamic_bytes, uint32_t* offsets) {
      return Own().TldKeys(keys, count, dynamic_bytes, offsets);
    },
    []() { return Own().Glance(); },
    [](schedhint_binding* binding, const schedhint_helpers_layout* layout) {
      Own().FindHelpers(binding, *layout);
    },
    []() -> int { return Own().WantsPoolThreads() ? 1 : 0; },
    [](const int32_t* tids, uint32_t count) { Own().AddPoolThreads(tids, count); },
    []() { return Own().TldRoom(); },
};

// What an earlier version's table lacks: nothing happens, and nothing is there.
schedhint_registry AbsentTable() {
  schedhint_registry absent = {};
  absent.version = own_table.version;
  absent.size = sizeof(absent);
  absent.attach = [](const schedhint_channel_spec*, uint64_t,
                     schedhint_status* status) -> schedhint_binding* {
    *status = Failed(SCHEDHINT_STEP_OTHER_LAYOUT, 0);
    return nullptr;
  };
  absent.attach_other = absent.attach;
  absent.release = [](schedhint_binding*) {};
  absent.status = [](schedhint_binding*, schedhint_status* status) {
    *status = Failed(SCHEDHINT_STEP_OTHER_LAYOUT, 0);
  };
  absent.block = [](schedhint_binding*, uint32_t, uint32_t* size) -> void* {
    *size = 0;
    return nullptr;
  };
  absent.gc_start = [](schedhint_binding*, const schedhint_gc_layout*) { return 0; };
  absent.gc_stop = [](schedhint_binding*) {};
  absent.thread_ends = []() {};
  absent.counts = [](schedhint_counts* counts) { *counts = {}; };
  absent.time_namespace_offset = []() { return TimeNamespaceOffset(); };
  absent.listen = [](schedhint_listener, void*) {};
  absent.unlisten = absent.listen;
  absent.worker_online = [](uint64_t) {};
  absent.worker_ended = absent.worker_online;
  absent.unreached_workers = []() { return uint32_t{0}; };
  absent.set_hint = [](schedhint_binding*, int32_t) {};
  absent.tld_keys = [](const schedhint_tld_key*, uint32_t, uint32_t, uint32_t*) { return -ENOMEM; };
  absent.glance = []() { return uint32_t{0}; };
  absent.find_helpers = [](schedhint_binding*, const schedhint_helpers_layout*) {};
  absent.wants_pool_threads = []() { return 0; };
  absent.pool_threads = [](const int32_t*, uint32_t) {};
  absent.tld_room = []() { return int32_t{-1}; };
  return absent;
}

// The table of the copy that was loaded first, as far as it goes.
const schedhint_registry* Served() {
  const schedhint_registry* none = nullptr;
  schedhint_registry_v1.compare_exchange_strong(none, &own_table);
  const schedhint_registry* first = schedhint_registry_v1.load();
  if (first->size >= sizeof(schedhint_registry)) return first;
  static schedhint_registry completed = AbsentTable();
  std::memcpy(&completed, first, first->size);
  completed.size = sizeof(completed);
  return &completed;
}

}  // namespace

const schedhint_registry& SharedRegistry() {
  static const schedhint_registry* const served = Served();
  return *served;
}

}  // namespace schedhint
