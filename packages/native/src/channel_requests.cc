#include "channel_requests.h"

namespace schedhint {
namespace {

uint32_t U32(const Napi::Object& object, const char* name) {
  return object.Get(name).ToNumber().Uint32Value();
}

std::string Text(const Napi::Object& object, const char* name) {
  return object.Get(name).As<Napi::String>();
}

schedhint_kind KindOf(const std::string& name) {
  if (name == "layered") return SCHEDHINT_KIND_LAYERED;
  return name == "tld" ? SCHEDHINT_KIND_TLD : SCHEDHINT_KIND_UPTR;
}

}  // namespace

const schedhint_channel_spec& ChannelRequests::SpecOf(Napi::Object request) {
  for (auto& known : known_) {
    Napi::Object object = known->request.Value();
    if (!object.IsEmpty() && object.StrictEquals(request)) return known->spec;
  }
  auto read = std::make_unique<Known>();
  read->request = Napi::Weak(request);
  read->request.SuppressDestruct();  // it is gone with the environment, before us
  read->path = Text(request, "map");
  read->broker = Text(request, "broker");
  Napi::Array slots = request.Get("slots").As<Napi::Array>();
  for (uint32_t i = 0; i < slots.Length(); i++) {
    Napi::Object slot = slots.Get(i).As<Napi::Object>();
    bool is_process = Text(slot, "owner") == "process";
    read->slots.push_back({U32(slot, "offset"), U32(slot, "size"),
                           is_process ? SCHEDHINT_OWNER_PROCESS : SCHEDHINT_OWNER_THREAD});
  }
  read->spec = {read->path.c_str(),
                read->broker.c_str(),
                U32(request, "valueSize"),
                static_cast<uint32_t>(read->slots.size()),
                read->slots.data(),
                request.Get("countSlot").ToNumber().Int32Value(),
                U32(request, "countOffset"),
                KindOf(Text(request, "kind")),
                request.Get("normalHint").ToNumber().Int32Value()};
  if (known_.size() < kKept) {
    known_.push_back(std::move(read));
    return known_.back()->spec;
  }
  next_ = (next_ + 1) % kKept;
  known_[next_]->request.Reset();
  known_[next_] = std::move(read);
  return known_[next_]->spec;
}

}  // namespace schedhint
