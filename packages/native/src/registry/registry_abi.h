#pragma once
// What copies of the addon in one process agree on.
//
// An app may load us more than once: nested node_modules, CommonJS beside ESM, a test runner that
// imports again. Two registries would fight over one element of the map, so the first copy's serves
// all: it publishes the table below in one symbol, which the dynamic linker makes unique in the
// process (STB_GNU_UNIQUE) although Node loads addons with RTLD_LOCAL. A later version appends to
// the table and raises `size`; the meaning of what is here never changes under this name.

#include <schedhint/schedhint_status.h>

#include <atomic>
#include <cstdint>

extern "C" {

enum schedhint_owner : uint32_t { SCHEDHINT_OWNER_THREAD = 0, SCHEDHINT_OWNER_PROCESS = 1 };

// One pointer in the map's value.
struct schedhint_slot {
  uint32_t offset;  // in the value, 8-byte aligned
  uint32_t size;    // of the struct it points to, 1..4096
  schedhint_owner owner;
};

// What a thread's element of the map is.
enum schedhint_kind : uint32_t {
  SCHEDHINT_KIND_UPTR = 0,  // pointers, which the slots place
  // A hint, 0..1024, as a u64 in front of 24 reserved bytes: scx_layered's struct task_hint. The
  // slots are blocks that no program sees, and the offsets in the value mean nothing.
  SCHEDHINT_KIND_LAYERED = 1,
  // The kernel's "task local data": pointers to the thread's page of values (slot 0) and to the
  // process's page of their names (slot 1). The map's value has 16 bytes, or 24 with the place of
  // the thread's values in their page, which threads then share.
  SCHEDHINT_KIND_TLD = 2,
};

// An offset of a field that a block does not have.
constexpr uint32_t SCHEDHINT_NOWHERE = 0xffffffff;

struct schedhint_channel_spec {
  const char* path;    // of the pinned map
  const char* broker;  // the socket of the broker to ask where we may not open it; empty: none
  uint32_t value_size;
  uint32_t slot_count;
  const schedhint_slot* slots;
  // Where a process's block counts its bound threads (u32): slot and offset. Slot -1: nowhere.
  int32_t count_slot;
  uint32_t count_offset;
  schedhint_kind kind;
  int32_t normal_hint;  // of a layered channel: in an element that has no other; 0..1024
};

enum schedhint_via : uint32_t { SCHEDHINT_VIA_MAP = 0, SCHEDHINT_VIA_BROKER = 1 };

struct schedhint_status {
  schedhint_step step;
  int32_t error;  // errno, or 0
  uint32_t map_id;
  uint32_t detail;
  uint32_t found;
  int32_t tid;        // 0: not known
  schedhint_via via;  // who has tried the step
  uint32_t reserved;
  uint64_t bound_ns;  // since when, CLOCK_MONOTONIC of the initial time namespace; 0: not bound
};

// Offsets in the thread's block, and in the process's, that belong to the GC hook; any of the
// thread's may be SCHEDHINT_NOWHERE. A word has 32 bits, or 64 where `wide` is not 0.
struct schedhint_gc_layout {
  uint32_t thread_slot;
  uint32_t gc;             // a word, one bit for each kind of pause in progress
  uint32_t count;          // a word
  uint32_t since_ns;       // u64
  uint32_t expect_ns;      // u64
  uint32_t flags;          // a word
  uint32_t live_flag;      // set in flags while the hook is installed
  uint32_t cycle_flag;     // set in flags between the pauses of a major collection
  int32_t process_slot;    // -1: none
  uint32_t process_count;  // u32, isolates inside a pause
  int32_t hint;            // in the element while a pause is in progress; -1: the thread's own
  uint32_t wide;
};

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

// A named value in every thread's task local data.
struct schedhint_tld_key {
  const char* name;  // 1..62 bytes
  uint32_t size;     // 1..65535
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
  // The calling thread's isolate is about to go: no callback, no element and no handle of its own
  // outlives this.
  void (*thread_ends)();
  void (*counts)(schedhint_counts*);
  int64_t (*time_namespace_offset)();
  // `listener` is called on a native thread when the status of some binding may have changed. It
  // must return at once and not call back.
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
  // mounted there, and no broker is), nobody else looks whether one can. Returns when to call
  // again, in ms; 0: when `listener` was called, or the thread has attached to another map.
  uint32_t (*glance)();
};

}  // extern "C"

inline bool operator==(const schedhint_slot& a, const schedhint_slot& b) {
  return a.offset == b.offset && a.size == b.size && a.owner == b.owner;
}

namespace schedhint {

// The registry that serves this process: this copy's, or that of a copy loaded before.
const schedhint_registry& SharedRegistry();

}  // namespace schedhint
