// The N-API surface; native.ts declares and documents it.

#include <napi.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <string>

#include "attachment.h"
#include "environment.h"
#include "map_btf.h"
#include "refused_calls.h"
#include "registry_abi.h"

namespace schedhint {
namespace {

void OnStatusChange(const Napi::CallbackInfo& info) {
  Environment::Of(info).Listen(info.Env(), info[0].As<Napi::Function>(), info[1].As<Napi::Object>());
}

uint64_t ThreadId(const Napi::CallbackInfo& info) {
  return static_cast<uint64_t>(info[0].As<Napi::Number>().Int64Value());
}

void WorkerOnline(const Napi::CallbackInfo& info) {
  SharedRegistry().worker_online(ThreadId(info));
}

void WorkerEnded(const Napi::CallbackInfo& info) {
  SharedRegistry().worker_ended(ThreadId(info));
}

Napi::Value UnreachedWorkers(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), SharedRegistry().unreached_workers());
}

Napi::Value TldKey(const Napi::CallbackInfo& info) {
  uint32_t offset = 0;
  std::string name = info[0].As<Napi::String>();
  int error = SharedRegistry().tld_key(name.c_str(), info[1].ToNumber().Uint32Value(),
                                       info[2].ToNumber().Uint32Value(), &offset);
  return Napi::Number::New(info.Env(), error < 0 ? error : static_cast<int>(offset));
}

Napi::Value Counts(const Napi::CallbackInfo& info) {
  schedhint_counts counts;
  SharedRegistry().counts(&counts);
  Napi::Object object = Napi::Object::New(info.Env());
  object.Set("threads", counts.threads);
  object.Set("bindings", counts.bindings);
  object.Set("bound", counts.bound);
  object.Set("mapsOpen", counts.maps_open);
  object.Set("pages", counts.pages);
  object.Set("blocksUsed", counts.blocks_used);
  object.Set("blocksQuarantined", counts.blocks_quarantined);
  object.Set("blocksFree", counts.blocks_free);
  return object;
}

Napi::Value ReadMapBtf(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  schedhint::MapBtf btf = schedhint::ReadMapBtf(info[0].As<Napi::String>().Utf8Value().c_str());
  Napi::Object object = Napi::Object::New(env);
  object.Set("call", btf.call);
  object.Set("errno", -btf.error);
  object.Set("mapId", btf.map_id);
  object.Set("mapName", btf.map_name);
  object.Set("valueType", btf.value_type);
  object.Set("btf", Napi::Buffer<uint8_t>::Copy(env, btf.bytes.data(), btf.bytes.size()));
  return object;
}

Napi::Value ShowRefusedCalls(const Napi::CallbackInfo& info) {
  RefusedCalls calls = FindRefusedCalls();
  Napi::Object object = Napi::Object::New(info.Env());
  object.Set("bpf", -calls.bpf);
  object.Set("pidfdOpen", -calls.pidfd_open);
  object.Set("memfdCreate", -calls.memfd_create);
  return object;
}

Napi::Object Init(Napi::Env env, Napi::Object exports) {
  env.SetInstanceData(new Environment(env));
  ExportAttachments(env, exports);
  exports.Set("onStatusChange", Napi::Function::New<OnStatusChange>(env, "onStatusChange"));
  exports.Set("workerOnline", Napi::Function::New<WorkerOnline>(env, "workerOnline"));
  exports.Set("workerEnded", Napi::Function::New<WorkerEnded>(env, "workerEnded"));
  exports.Set("unreachedWorkers", Napi::Function::New<UnreachedWorkers>(env, "unreachedWorkers"));
  exports.Set("tldKey", Napi::Function::New<TldKey>(env, "tldKey"));
  exports.Set("counts", Napi::Function::New<Counts>(env, "counts"));
  exports.Set("readMapBtf", Napi::Function::New<ReadMapBtf>(env, "readMapBtf"));
  exports.Set("refusedCalls", Napi::Function::New<ShowRefusedCalls>(env, "refusedCalls"));
  exports.Set("isFirstThread", Napi::Boolean::New(env, syscall(SYS_gettid) == getpid()));
  exports.Set("timeNamespaceOffsetNs",
              Napi::BigInt::New(env, SharedRegistry().time_namespace_offset()));
  return exports;
}

NODE_API_MODULE(schedhint, Init)

}  // namespace
}  // namespace schedhint
