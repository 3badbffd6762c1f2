#pragma once
// What one JavaScript environment, the main thread's or a worker's, has of the addon.

#include <napi.h>

#include <unordered_map>

#include "channel_requests.h"
#include "registry_abi.h"

namespace schedhint {

class Environment {
 public:
  explicit Environment(Napi::Env env);
  static Environment& Of(const Napi::CallbackInfo& info) {
    return *info.Env().GetInstanceData<Environment>();
  }

  ChannelRequests requests;

  // What a handle of JavaScript's is on. Handles are numbers, never used again: an object with a
  // native half costs more to make than a thread to bind.
  struct Attached {
    schedhint_binding* binding;  // null: there is none
    schedhint_status refused;    // why
  };
  uint32_t Add(const Attached& attached);
  // Null once it is released.
  const Attached* Find(uint32_t handle) const;
  void Release(uint32_t handle);

  // The page that holds a block, as an ArrayBuffer: one for all blocks in it. Null where the
  // runtime refuses external memory (V8's sandbox, in Electron). Pages are never unmapped.
  napi_value PageOf(Napi::Env env, const void* block);

  // Calls `callback` on this environment's event loop when a status may have changed; it keeps no
  // loop alive. Once.
  void Listen(Napi::Env env, Napi::Function callback);

 private:
  static void OnCleanup(void* data);
  static void OnStatus(void* data);
  static void StopListening(void* data);

  std::unordered_map<uint32_t, Attached> attached_;
  uint32_t last_handle_ = 0;
  std::unordered_map<uintptr_t, napi_ref> pages_;
  napi_threadsafe_function listener_ = nullptr;
};

}  // namespace schedhint
