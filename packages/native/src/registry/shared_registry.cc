// The one registry of this process, whichever copy of the addon made it.

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
};

}  // namespace

const schedhint_registry& SharedRegistry() {
  const schedhint_registry* none = nullptr;
  schedhint_registry_v1.compare_exchange_strong(none, &own_table);
  return *schedhint_registry_v1.load();
}

}  // namespace schedhint
