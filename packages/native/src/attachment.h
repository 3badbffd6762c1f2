#pragma once
// A JavaScript handle on one binding: what native.ts declares as Attachment.

#include <napi.h>

#include <vector>

#include "registry_abi.h"

namespace schedhint {

class AddonData;

class Attachment : public Napi::ObjectWrap<Attachment> {
 public:
  static Napi::Function Define(Napi::Env env);
  explicit Attachment(const Napi::CallbackInfo& info);
  ~Attachment() override;

  // Without touching JavaScript: the environment is going.
  void Abandon();

 private:
  Napi::Value Buffer(const Napi::CallbackInfo& info);
  Napi::Value Status(const Napi::CallbackInfo& info);
  void SetHint(const Napi::CallbackInfo& info);
  Napi::Value StartGcHook(const Napi::CallbackInfo& info);
  void StopGcHook(const Napi::CallbackInfo& info);
  void Release(const Napi::CallbackInfo& info);

  AddonData* addon_;
  schedhint_binding* binding_ = nullptr;
  schedhint_status refused_ = {};  // why there is no binding
  bool released_ = false;
  std::vector<napi_ref> buffers_;
};

// What one environment (the main thread's or a worker's) has open.
class AddonData {
 public:
  explicit AddonData(Napi::Env env);
  void Add(Attachment* attachment);
  void Remove(Attachment* attachment);
  // Calls `callback` on this environment's event loop when a status may have changed; it keeps no
  // loop alive. Once.
  void Listen(Napi::Env env, Napi::Function callback);

  Napi::FunctionReference constructor;

 private:
  static void OnEnvironmentCleanup(void* data);

  static void OnStatus(void* data);
  static void StopListening(void* data);

  std::vector<Attachment*> attachments_;
  napi_threadsafe_function listener_ = nullptr;
};

}  // namespace schedhint
