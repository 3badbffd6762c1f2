#pragma once
// What copies of the addon in one process agree on.
//
// An app may load us more than once: nested node_modules, CommonJS next to ESM, a test runner that
// imports again. Two registries would fight over one element of the map, so the first copy's serves
// all: it publishes the table below in one symbol, which the dynamic linker makes unique in the
// process (STB_GNU_UNIQUE) although Node loads addons with RTLD_LOCAL. A later version appends to
// the table and raises `size`; the meaning of what is here never changes under this name, nor
// the structs that it takes, which stand in the rooms that use them.

#include <atomic>
#include <cstdint>

#include "channel/channel_spec.h"
#include "channel/helper_thread.h"
#include "gc/gc_layout.h"
#include "kernel/status.h"

extern "C" {

struct schedhint_counts {
  uint32_t threads;
  uint32_t bindings;
  uint32_t bound;
  uint32_t maps_open;
  uint32_t pages;
  uint32_t blocks_used;
  uint32_t blocks_quarantined;
  uint32_t blocks_free;
};

struct schedhint_binding;  // a thread's blocks in one map; counted

using schedhint_listener = void (*)(void* data);

struct schedhint_registry {
  uint32_t version;
  uint32_t size;
  // Finds or makes the binding of the calling thread, whose Node.js thread id is `thread_id`, and
  // tries to bind it if it is not bound. Null when there is no memory or the map is used with other
  // slots: `status` says which.
  schedhint_binding* (*attach)(const schedhint_channel_spec*, uint64_t thread_id,
                               schedhint_status* status);
  // The same for another thread of this process, which need not have attached itself yet.
  schedhint_binding* (*attach_other)(const schedhint_channel_spec*, uint64_t thread_id,
                                     schedhint_status* status);
  void (*release)(schedhint_binding*);
  void (*status)(schedhint_binding*, schedhint_status*);
  // Valid until the release. `size` is the slot's struct's, not the block's.
  void* (*block)(schedhint_binding*, uint32_t slot, uint32_t* size);
  // On the binding's own thread, inside its isolate. 0 where V8's symbols are missing.
  int (*gc_start)(schedhint_binding*, const schedhint_gc_layout*);
  void (*gc_stop)(schedhint_binding*);
  // The calling thread's isolate is about to go: no callback, no element and no handle of it
  // outlives this.
  void (*thread_ends)();
  void (*counts)(schedhint_counts*);
  int64_t (*time_namespace_offset)();
  // `listener` is called on a native thread when the status of some binding may have changed. It
  // must return immediately and not call back.
  void (*listen)(schedhint_listener, void* data);
  void (*unlisten)(schedhint_listener, void* data);
  // A worker that the calling thread has started runs, and has ended. More than one copy may tell.
  void (*worker_online)(uint64_t thread_id);
  void (*worker_ended)(uint64_t thread_id);
  // How many of those that run have not attached.
  uint32_t (*unreached_workers)();
  // The hint in the element of a layered channel, 0..1024, or -1: the normal hint if there is an
  // element, else nothing. One bpf(2) call where that changes anything. From any thread.
  void (*set_hint)(schedhint_binding*, int32_t hint);
  // The places of values in every thread's task local data, behind the first 8 bytes of the block.
  // Those that are not there are made: all, or none. `dynamic_bytes`: room for what is made after
  // the first thread has its values. 0; or -errno, and in offsets[0] the index of the key that it
  // is for.
  int (*tld_keys)(const schedhint_tld_key* keys, uint32_t count, uint32_t dynamic_bytes,
                  uint32_t* offsets);
  // To be called by each thread that waits, from its event loop: where no map can come (no bpffs is
  // mounted there, and no broker is), no other thread looks whether one can. Returns when to call
  // again, in ms; 0: when `listener` was called, or the thread has attached to another map.
  uint32_t (*glance)();
  // From now on the process's helper threads get elements in the binding's map, as they are found.
  void (*find_helpers)(schedhint_binding*, const schedhint_helpers_layout*);
  // Whether it would be of use to know the threads of libuv's pool: somebody has asked for
  // elements, and a map is bound.
  int (*wants_pool_threads)();
  void (*pool_threads)(const int32_t* tids, uint32_t count);
  // How many bytes of a thread's task local data are left for keys that are made now; -1: not
  // known.
  int32_t (*tld_room)();
};

}  // extern "C"

namespace schedhint {

// The registry that serves this process: this copy's, or that of a copy loaded before.
const schedhint_registry& SharedRegistry();

}  // namespace schedhint
