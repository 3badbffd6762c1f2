// The Node-API surface; compiled.ts declares and documents it.

#include <napi.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <string>
#include <vector>

#include "kernel/block_size.h"
#include "kernel/map_btf.h"
#include "kernel/refused_calls.h"
#include "napi/attachment.h"
#include "napi/environment.h"
#include "napi/exported.h"
#include "napi/pool_meeting.h"
#include "napi/stall_watch.h"
#include "napi/typed_array.h"
#include "registry/registry_abi.h"

namespace schedhint {
namespace {

void OnStatusChange(const Napi::CallbackInfo& info) {
  Environment::Of(info).Listen(info.Env(), info[0].As<Napi::Function>(),
                               info[1].As<Napi::Object>());
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

// An older copy's registry never leaves it to us.
Napi::Value Glance(const Napi::CallbackInfo& info) {
  const schedhint_registry& registry = SharedRegistry();
  bool has_glance = registry.size > offsetof(schedhint_registry, glance);
  return Napi::Number::New(info.Env(), has_glance ? registry.glance() : 0);
}

// (names joined by NUL, sizes, dynamicBytes, offsets)
Napi::Value TldKeys(const Napi::CallbackInfo& info) {
  std::string names = info[0].As<Napi::String>();
  auto [sizes, count] = NumbersOf<uint32_t>(info[1]);
  auto [offsets, room] = NumbersOf<uint32_t>(info[3]);
  if (room < std::max<size_t>(count, 1)) return Napi::Number::New(info.Env(), -EINVAL);
  std::vector<schedhint_tld_key> keys;
  const char* name = names.c_str();
  const char* end = name + names.size();
  for (size_t i = 0; i < count; i++) {
    if (name > end) return Napi::Number::New(info.Env(), -EINVAL);
    keys.push_back({name, sizes[i]});
    name += std::strlen(name) + 1;
  }
  int error = SharedRegistry().tld_keys(keys.data(), static_cast<uint32_t>(keys.size()),
                                        info[2].As<Napi::Number>().Uint32Value(), offsets);
  return Napi::Number::New(info.Env(), error);
}

Napi::Value TldRoom(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), SharedRegistry().tld_room());
}

// (counts)
void Counts(const Napi::CallbackInfo& info) {
  schedhint_counts counts;
  SharedRegistry().counts(&counts);
  Write(counts, info[0]);
}

// What readMapBtf() returns next to the BTF.
struct MapBtfHead {
  uint32_t command;
  int32_t error;
  uint32_t map_id;
  uint32_t value_type;
  char map_name[16];  // BPF_OBJ_NAME_LEN
};

// (path, head): the BTF
Napi::Value ReadMapBtf(const Napi::CallbackInfo& info) {
  schedhint::MapBtf btf = schedhint::ReadMapBtf(info[0].As<Napi::String>().Utf8Value().c_str());
  MapBtfHead head = {btf.command, -btf.error, btf.map_id, btf.value_type, {}};
  btf.map_name.copy(head.map_name, sizeof(head.map_name));
  Write(head, info[1]);
  void* bytes;
  napi_value buffer;
  if (napi_create_arraybuffer(info.Env(), btf.bytes.size(), &bytes, &buffer) != napi_ok) {
    return info.Env().Null();
  }
  if (!btf.bytes.empty()) std::memcpy(bytes, btf.bytes.data(), btf.bytes.size());
  return Napi::Value(info.Env(), buffer);
}

// (errors)
void ShowRefusedCalls(const Napi::CallbackInfo& info) {
  Write(FindRefusedCalls(), info[0]);
}

// A worker may be terminated at any instruction: from then on each Node-API call that may run
// JavaScript fails, here as in the functions themselves, which therefore make none that they need.
Napi::Object Init(Napi::Env env, Napi::Object exports) {
  env.SetInstanceData(new Environment(env));
  bool is_first_thread = syscall(SYS_gettid) == getpid();
  int64_t time_offset = SharedRegistry().time_namespace_offset();
  std::vector<napi_property_descriptor> properties = {
      Exported<OnStatusChange>("onStatusChange"),
      Exported<WorkerOnline>("workerOnline"),
      Exported<WorkerEnded>("workerEnded"),
      Exported<UnreachedWorkers>("unreachedWorkers"),
      Exported<Glance>("glance"),
      Exported<TldKeys>("tldKeys"),
      Exported<TldRoom>("tldRoom"),
      Exported<Counts>("counts"),
      Exported<ReadMapBtf>("readMapBtf"),
      Exported<ShowRefusedCalls>("refusedCalls"),
      Exported("isFirstThread", Napi::Boolean::New(env, is_first_thread)),
      Exported("pageSize", Napi::Number::New(env, PageSize())),
      Exported("timeNamespaceOffsetNs", Napi::BigInt::New(env, time_offset)),
  };
  ExportAttachments(&properties);
  ExportPoolMeeting(&properties);
  ExportStallWatch(&properties);
  if (napi_define_properties(env, exports, properties.size(), properties.data()) != napi_ok) {
    napi_throw_error(env, nullptr, "the addon's functions could not be defined");
  }
  return exports;
}

NODE_API_MODULE(schedhint, Init)

}  // namespace
}  // namespace schedhint
