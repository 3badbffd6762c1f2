#include "attachment.h"

#include <algorithm>
#include <string>

namespace schedhint {
namespace {

uint32_t U32(const Napi::Object& object, const char* name) {
  return object.Get(name).ToNumber().Uint32Value();
}

int32_t I32(const Napi::Object& object, const char* name) {
  return object.Get(name).ToNumber().Int32Value();
}

schedhint_kind KindOf(const std::string& name) {
  if (name == "layered") return SCHEDHINT_KIND_LAYERED;
  return name == "tld" ? SCHEDHINT_KIND_TLD : SCHEDHINT_KIND_UPTR;
}

Napi::Object ToObject(Napi::Env env, const schedhint_status& status) {
  Napi::Object object = Napi::Object::New(env);
  object.Set("step", static_cast<uint32_t>(status.step));
  object.Set("errno", status.error);
  object.Set("mapId", status.map_id);
  object.Set("detail", status.detail);
  object.Set("found", status.found);
  object.Set("tid", status.tid);
  object.Set("viaBroker", status.via == SCHEDHINT_VIA_BROKER);
  object.Set("boundNs", Napi::BigInt::New(env, status.bound_ns));
  return object;
}

}  // namespace

Napi::Function Attachment::Define(Napi::Env env) {
  return DefineClass(
      env, "Attachment",
      {InstanceMethod<&Attachment::Buffer>("buffer"), InstanceMethod<&Attachment::Status>("status"),
       InstanceMethod<&Attachment::SetHint>("setHint"),
       InstanceMethod<&Attachment::StartGcHook>("startGcHook"),
       InstanceMethod<&Attachment::StopGcHook>("stopGcHook"),
       InstanceMethod<&Attachment::Release>("release")});
}

// (request, threadId, ownThread); core has checked them.
Attachment::Attachment(const Napi::CallbackInfo& info)
    : Napi::ObjectWrap<Attachment>(info), addon_(info.Env().GetInstanceData<AddonData>()) {
  Napi::Object request = info[0].As<Napi::Object>();
  std::string path = request.Get("map").As<Napi::String>();
  std::string broker = request.Get("broker").As<Napi::String>();
  Napi::Array slots = request.Get("slots").As<Napi::Array>();
  std::vector<schedhint_slot> native_slots;
  for (uint32_t i = 0; i < slots.Length(); i++) {
    Napi::Object slot = slots.Get(i).As<Napi::Object>();
    native_slots.push_back({U32(slot, "offset"), U32(slot, "size"),
                            slot.Get("owner").As<Napi::String>().Utf8Value() == "process"
                                ? SCHEDHINT_OWNER_PROCESS
                                : SCHEDHINT_OWNER_THREAD});
  }
  schedhint_channel_spec spec = {path.c_str(),
                                 broker.c_str(),
                                 U32(request, "valueSize"),
                                 static_cast<uint32_t>(native_slots.size()),
                                 native_slots.data(),
                                 I32(request, "countSlot"),
                                 U32(request, "countOffset"),
                                 KindOf(request.Get("kind").As<Napi::String>())};
  uint64_t thread_id = static_cast<uint64_t>(info[1].As<Napi::Number>().Int64Value());
  const schedhint_registry& registry = SharedRegistry();
  auto attach = info[2].As<Napi::Boolean>().Value() ? registry.attach : registry.attach_other;
  binding_ = attach(&spec, thread_id, &refused_);
  addon_->Add(this);
  Ref();  // it lives as long as the thread, unless it is released
}

Attachment::~Attachment() {
  if (binding_ == nullptr) return;
  addon_->Remove(this);
  Abandon();
}

void Attachment::Abandon() {
  if (binding_ == nullptr) return;
  SharedRegistry().release(binding_);
  binding_ = nullptr;
}

// Null when there is nothing to look at, or where the runtime refuses external memory (V8's
// sandbox, in Electron).
Napi::Value Attachment::Buffer(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  uint32_t size = 0;
  void* block = binding_ == nullptr
                    ? nullptr
                    : SharedRegistry().block(binding_, info[0].ToNumber().Uint32Value(), &size);
  napi_value buffer;
  if (block == nullptr ||
      napi_create_external_arraybuffer(env, block, size, nullptr, nullptr, &buffer) != napi_ok) {
    return env.Null();
  }
  napi_ref reference;
  napi_create_reference(env, buffer, 1, &reference);
  buffers_.push_back(reference);
  return Napi::Value(env, buffer);
}

Napi::Value Attachment::Status(const Napi::CallbackInfo& info) {
  schedhint_status status = refused_;
  if (binding_ != nullptr) SharedRegistry().status(binding_, &status);
  return ToObject(info.Env(), status);
}

Napi::Value Attachment::StartGcHook(const Napi::CallbackInfo& info) {
  Napi::Object request = info[0].As<Napi::Object>();
  schedhint_gc_layout layout = {
      U32(request, "threadSlot"),  U32(request, "gc"),
      U32(request, "count"),       U32(request, "sinceNs"),
      U32(request, "expectNs"),    U32(request, "flags"),
      U32(request, "liveFlag"),    U32(request, "cycleFlag"),
      I32(request, "processSlot"), U32(request, "processCount"),
      I32(request, "hint"),        request.Get("wide").ToBoolean() ? 1u : 0u};
  bool started = binding_ != nullptr && SharedRegistry().gc_start(binding_, &layout);
  return Napi::Boolean::New(info.Env(), started);
}

void Attachment::SetHint(const Napi::CallbackInfo& info) {
  if (binding_ != nullptr) SharedRegistry().set_hint(binding_, info[0].ToNumber().Int32Value());
}

void Attachment::StopGcHook(const Napi::CallbackInfo&) {
  if (binding_ != nullptr) SharedRegistry().gc_stop(binding_);
}

// A view that somebody has kept must not write into the block's next owner's.
void Attachment::Release(const Napi::CallbackInfo& info) {
  if (released_) return;
  released_ = true;
  Napi::Env env = info.Env();
  for (napi_ref reference : buffers_) {
    napi_value buffer;
    if (napi_get_reference_value(env, reference, &buffer) == napi_ok && buffer != nullptr) {
      napi_detach_arraybuffer(env, buffer);
    }
    napi_delete_reference(env, reference);
  }
  buffers_.clear();
  addon_->Remove(this);
  Abandon();
  Unref();
}

AddonData::AddonData(Napi::Env env) {
  napi_add_env_cleanup_hook(env, OnEnvironmentCleanup, this);
}

void AddonData::Add(Attachment* attachment) {
  attachments_.push_back(attachment);
}

void AddonData::Remove(Attachment* attachment) {
  attachments_.erase(std::remove(attachments_.begin(), attachments_.end(), attachment),
                     attachments_.end());
}

void AddonData::Listen(Napi::Env env, Napi::Function callback) {
  if (listener_ != nullptr) return;
  constexpr size_t kOneIsEnough = 1;  // a second call would find nothing new
  Napi::String name = Napi::String::New(env, "schedhint status");
  if (napi_create_threadsafe_function(env, callback, nullptr, name, kOneIsEnough, 1, nullptr,
                                      nullptr, nullptr, nullptr, &listener_) != napi_ok) {
    listener_ = nullptr;
    return;
  }
  napi_unref_threadsafe_function(env, listener_);
  // Hooks run in reverse order: this one while the function, which has a hook of its own, is whole.
  napi_add_env_cleanup_hook(env, StopListening, this);
  SharedRegistry().listen(OnStatus, this);
}

void AddonData::StopListening(void* data) {
  AddonData* addon = static_cast<AddonData*>(data);
  SharedRegistry().unlisten(OnStatus, addon);
  napi_release_threadsafe_function(addon->listener_, napi_tsfn_abort);
  addon->listener_ = nullptr;
}

// On the watcher's thread.
void AddonData::OnStatus(void* data) {
  napi_call_threadsafe_function(static_cast<AddonData*>(data)->listener_, nullptr,
                                napi_tsfn_nonblocking);
}

// Runs on the environment's thread, with its isolate alive and no more JavaScript to come.
void AddonData::OnEnvironmentCleanup(void* data) {
  AddonData* addon = static_cast<AddonData*>(data);
  SharedRegistry().thread_ends();
  for (Attachment* attachment : addon->attachments_) attachment->Abandon();
  addon->attachments_.clear();
}

}  // namespace schedhint
