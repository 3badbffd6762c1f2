#include "attachment.h"

#include "block_size.h"
#include "environment.h"
#include "registry_abi.h"

namespace schedhint {
namespace {

constexpr double kNoPage = -1;

uint32_t U32(const Napi::Object& object, const char* name) {
  return object.Get(name).ToNumber().Uint32Value();
}

int32_t I32(const Napi::Object& object, const char* name) {
  return object.Get(name).ToNumber().Int32Value();
}

// Null: there is none, or it has been released.
schedhint_binding* BindingOf(const Napi::CallbackInfo& info) {
  const auto* attached = Environment::Of(info).Find(info[0].As<Napi::Number>().Uint32Value());
  return attached == nullptr ? nullptr : attached->binding;
}

schedhint_status StatusOf(const Napi::CallbackInfo& info) {
  const auto* attached = Environment::Of(info).Find(info[0].As<Napi::Number>().Uint32Value());
  schedhint_status status = {};
  if (attached == nullptr) return status;
  if (attached->binding == nullptr) return attached->at_first;
  SharedRegistry().status(attached->binding, &status);
  return status;
}

uint8_t* BlockOf(const Napi::CallbackInfo& info) {
  schedhint_binding* binding = BindingOf(info);
  uint32_t size = 0;
  uint32_t slot = info[1].As<Napi::Number>().Uint32Value();
  return binding == nullptr ? nullptr
                            : static_cast<uint8_t*>(SharedRegistry().block(binding, slot, &size));
}

// What the caller would ask for next, each by a call: where the blocks are, and behind them the map
// that is bound.
void TellPlaces(Environment* environment, const schedhint_channel_spec& spec,
                schedhint_binding* binding, const schedhint_status& status,
                Napi::Float64Array places) {
  if (places.ElementLength() < 2 * spec.slot_count + 1) return;
  double* told = places.Data();
  for (uint32_t slot = 0; slot < spec.slot_count; slot++) {
    uint32_t size;
    void* block = binding == nullptr ? nullptr : SharedRegistry().block(binding, slot, &size);
    uintptr_t address = reinterpret_cast<uintptr_t>(block);
    uintptr_t offset = address % kPageSize;
    *told++ = block == nullptr ? kNoPage
                               : static_cast<double>(environment->NumberOfPage(address - offset));
    *told++ = static_cast<double>(offset);
  }
  *told = status.step == SCHEDHINT_STEP_NONE ? status.map_id : 0;
}

// (request, threadId, ownThread, places?); core has checked them.
Napi::Value Attach(const Napi::CallbackInfo& info) {
  Environment& environment = Environment::Of(info);
  const schedhint_channel_spec& spec = environment.requests.SpecOf(info[0].As<Napi::Object>());
  uint64_t thread_id = static_cast<uint64_t>(info[1].As<Napi::Number>().Int64Value());
  const schedhint_registry& registry = SharedRegistry();
  auto attach = info[2].As<Napi::Boolean>().Value() ? registry.attach : registry.attach_other;
  schedhint_status status;
  schedhint_binding* binding = attach(&spec, thread_id, &status);
  if (info.Length() > 3) {
    TellPlaces(&environment, spec, binding, status, info[3].As<Napi::Float64Array>());
  }
  return Napi::Number::New(info.Env(), environment.Add({binding, status}));
}

Napi::Value Page(const Napi::CallbackInfo& info) {
  size_t number = info[0].As<Napi::Number>().Uint32Value();
  napi_value page = Environment::Of(info).PageAt(info.Env(), number);
  return page == nullptr ? info.Env().Null() : Napi::Value(info.Env(), page);
}

Napi::Value Store(const Napi::CallbackInfo& info) {
  uint8_t* block = BlockOf(info);
  if (block == nullptr) return Napi::Boolean::New(info.Env(), false);
  uint8_t* place = block + info[2].As<Napi::Number>().Uint32Value();
  uint32_t value = info[4].As<Napi::Number>().Uint32Value();
  if (info[3].As<Napi::Number>().Uint32Value() == 2) {
    __atomic_store_n(reinterpret_cast<uint16_t*>(place), value, __ATOMIC_RELEASE);
  } else {
    __atomic_store_n(reinterpret_cast<uint32_t*>(place), value, __ATOMIC_RELEASE);
  }
  return Napi::Boolean::New(info.Env(), true);
}

Napi::Value Status(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  schedhint_status status = StatusOf(info);
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

Napi::Value BoundTo(const Napi::CallbackInfo& info) {
  schedhint_status status = StatusOf(info);
  bool is_bound = status.step == SCHEDHINT_STEP_NONE;
  return Napi::Number::New(info.Env(), is_bound ? status.map_id : 0);
}

Napi::Value StartGcHook(const Napi::CallbackInfo& info) {
  Napi::Object request = info[1].As<Napi::Object>();
  schedhint_gc_layout layout = {
      U32(request, "threadSlot"),  U32(request, "gc"),
      U32(request, "count"),       U32(request, "sinceNs"),
      U32(request, "expectNs"),    U32(request, "flags"),
      U32(request, "liveFlag"),    U32(request, "cycleFlag"),
      I32(request, "processSlot"), U32(request, "processCount"),
      I32(request, "hint"),        request.Get("wide").ToBoolean() ? 1u : 0u};
  schedhint_binding* binding = BindingOf(info);
  bool started = binding != nullptr && SharedRegistry().gc_start(binding, &layout);
  return Napi::Boolean::New(info.Env(), started);
}

void StopGcHook(const Napi::CallbackInfo& info) {
  if (schedhint_binding* binding = BindingOf(info)) SharedRegistry().gc_stop(binding);
}

void SetHint(const Napi::CallbackInfo& info) {
  schedhint_binding* binding = BindingOf(info);
  if (binding == nullptr) return;
  SharedRegistry().set_hint(binding, info[1].As<Napi::Number>().Int32Value());
}

void Release(const Napi::CallbackInfo& info) {
  Environment::Of(info).Release(info[0].As<Napi::Number>().Uint32Value());
}

}  // namespace

void ExportAttachments(Napi::Env env, Napi::Object exports) {
  exports.Set("attach", Napi::Function::New<Attach>(env, "attach"));
  exports.Set("page", Napi::Function::New<Page>(env, "page"));
  exports.Set("store", Napi::Function::New<Store>(env, "store"));
  exports.Set("status", Napi::Function::New<Status>(env, "status"));
  exports.Set("boundTo", Napi::Function::New<BoundTo>(env, "boundTo"));
  exports.Set("setHint", Napi::Function::New<SetHint>(env, "setHint"));
  exports.Set("startGcHook", Napi::Function::New<StartGcHook>(env, "startGcHook"));
  exports.Set("stopGcHook", Napi::Function::New<StopGcHook>(env, "stopGcHook"));
  exports.Set("release", Napi::Function::New<Release>(env, "release"));
}

}  // namespace schedhint
