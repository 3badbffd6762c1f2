#pragma once
// Holds the addon's state in one JavaScript environment, the main thread's or a worker's: handles,
// pages, the listener for status changes, and what watches its loop.

#include <napi.h>

#include <memory>
#include <unordered_map>
#include <vector>

#include "registry/registry_abi.h"
#include "stalls/shared_pauses.h"
#include "stalls/thread_usage.h"

namespace schedhint {

class LoopOwner;

class Environment {
 public:
  explicit Environment(Napi::Env env);
  static Environment& Of(const Napi::CallbackInfo& info) { return OfEnv(info.Env()); }
  static Environment& OfEnv(Napi::Env env) { return *env.GetInstanceData<Environment>(); }

  // What a handle of JavaScript's is on. Handles are numbers, never used again: an object with a
  // native half costs more to make than a thread to bind.
  struct Attached {
    schedhint_binding* binding;  // null: no binding
    schedhint_status at_first;   // then: why
  };
  uint32_t Add(const Attached& attached);
  // Null once it is released.
  const Attached* Find(uint32_t handle) const;
  void Release(uint32_t handle);

  // Of the page at an address, counted here.
  size_t NumberOfPage(uintptr_t address);
  // A page as an ArrayBuffer: one for all blocks in it. Null where no page has that number, or
  // the runtime refuses external memory (V8's sandbox, in Electron). Pages are never unmapped.
  napi_value PageAt(Napi::Env env, size_t number);

  // Calls `callback` on this environment's event loop when a status may have changed; it keeps no
  // loop alive. Once. Async hooks get `resource`.
  void Listen(Napi::Env env, Napi::Function callback, Napi::Object resource);

  // Of this environment's thread. It keeps a descriptor, so it is made when somebody asks.
  ThreadMeter& Meter();

  // Publishes this isolate's pauses to other threads, in `array`, which it keeps: a BigInt64Array
  // over shared memory, whose data is `words`. False where V8 has no such callbacks.
  bool SharePauses(Napi::Value array, SharedPauses::Words* words);
  // Not in this memory any more.
  void UnsharePauses(const SharedPauses::Words* words);

  // What watches this environment's loop; null: it is not watched.
  LoopOwner* loop_owner = nullptr;

 private:
  static void OnCleanup(void* data);
  static void OnStatus(void* data);
  static void StopListening(void* data);

  napi_env env_;
  std::unordered_map<uint32_t, Attached> attached_;
  uint32_t last_handle_ = 0;
  struct Page {
    uintptr_t address;
    napi_ref buffer;  // null until it is asked for
  };
  std::vector<Page> pages_;
  std::unordered_map<uintptr_t, size_t> page_numbers_;  // by address
  napi_threadsafe_function listener_ = nullptr;
  std::unique_ptr<ThreadMeter> meter_;
  struct TellingOfPauses {
    std::unique_ptr<SharedPauses> pauses;
    napi_ref array;
  };
  std::vector<TellingOfPauses> telling_of_pauses_;
};

}  // namespace schedhint
