#include "napi/attachment.h"

#include "kernel/block_size.h"
#include "napi/environment.h"
#include "napi/exported.h"
#include "napi/typed_array.h"
#include "registry/registry_abi.h"

namespace schedhint {
namespace {

constexpr double kNoPage = -1;

// A channel as compiled.ts encodes it: these words, and behind them its slots.
struct EncodedChannel {
  uint32_t kind;
  uint32_t value_size;
  int32_t count_slot;
  uint32_t count_offset;
  int32_t normal_hint;
};

constexpr size_t kSlotWords = sizeof(schedhint_slot) / sizeof(int32_t);
constexpr size_t kChannelWords = sizeof(EncodedChannel) / sizeof(int32_t);

// Null: it was never there, or it has been released.
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

struct BlockPart {
  uint8_t* address = nullptr;
  uint32_t size = 0;

  // Whether a field of so many bytes lies in it, where it can be stored as one.
  bool Has(uint32_t offset, uint32_t bytes) const {
    return address != nullptr && offset % bytes == 0 && offset <= size && bytes <= size - offset;
  }
};

BlockPart BlockOf(schedhint_binding* binding, uint32_t slot) {
  BlockPart part;
  part.address = static_cast<uint8_t*>(SharedRegistry().block(binding, slot, &part.size));
  return part;
}

bool HasFields(schedhint_binding* binding, const schedhint_gc_layout& layout) {
  BlockPart thread = BlockOf(binding, layout.thread_slot);
  auto has = [&](uint32_t offset, uint32_t bytes) {
    return offset == SCHEDHINT_NOWHERE || thread.Has(offset, bytes);
  };
  uint32_t word = layout.wide != 0 ? 8 : 4;
  bool has_process =
      layout.process_slot < 0 ||
      BlockOf(binding, static_cast<uint32_t>(layout.process_slot)).Has(layout.process_count, 4);
  return thread.address != nullptr && has_process && has(layout.gc, word) &&
         has(layout.count, word) && has(layout.flags, word) && has(layout.since_ns, 8) &&
         has(layout.expect_us, word);
}

// What the caller would ask for next, each by a call: where the blocks are, and behind them the map
// that is bound.
void TellPlaces(Environment* environment, const schedhint_channel_spec& spec,
                schedhint_binding* binding, const schedhint_status& status,
                Numbers<double> places) {
  if (places.count < 2 * size_t{spec.slot_count} + 1) return;
  double* told = places.data;
  for (uint32_t slot = 0; slot < spec.slot_count; slot++) {
    uint8_t* block = binding == nullptr ? nullptr : BlockOf(binding, slot).address;
    uintptr_t address = reinterpret_cast<uintptr_t>(block);
    uintptr_t offset = address % PageSize();
    *told++ = block == nullptr ? kNoPage
                               : static_cast<double>(environment->NumberOfPage(address - offset));
    *told++ = static_cast<double>(offset);
  }
  *told = status.step == SCHEDHINT_STEP_NONE ? status.map_id : 0;
}

// (channel, map, broker, threadId, ownThread, places?); core has checked them.
Napi::Value Attach(const Napi::CallbackInfo& info) {
  EncodedChannel channel;
  if (!Read(info[0], &channel)) {
    napi_throw_type_error(info.Env(), nullptr, "expected a channel as words of an Int32Array");
    return {};
  }
  auto [words, count] = NumbersOf<int32_t>(info[0]);
  std::string map = info[1].As<Napi::String>(), broker = info[2].As<Napi::String>();
  schedhint_channel_spec spec = {map.c_str(),
                                 broker.c_str(),
                                 channel.value_size,
                                 static_cast<uint32_t>((count - kChannelWords) / kSlotWords),
                                 reinterpret_cast<const schedhint_slot*>(words + kChannelWords),
                                 channel.count_slot,
                                 channel.count_offset,
                                 static_cast<schedhint_kind>(channel.kind),
                                 channel.normal_hint};
  uint64_t thread_id = static_cast<uint64_t>(info[3].As<Napi::Number>().Int64Value());
  const schedhint_registry& registry = SharedRegistry();
  auto attach = info[4].As<Napi::Boolean>().Value() ? registry.attach : registry.attach_other;
  schedhint_status status;
  schedhint_binding* binding = attach(&spec, thread_id, &status);
  Environment& environment = Environment::Of(info);
  TellPlaces(&environment, spec, binding, status, NumbersOf<double>(info[5]));
  return Napi::Number::New(info.Env(), environment.Add({binding, status}));
}

Napi::Value Page(const Napi::CallbackInfo& info) {
  size_t number = info[0].As<Napi::Number>().Uint32Value();
  napi_value page = Environment::Of(info).PageAt(info.Env(), number);
  return page == nullptr ? info.Env().Null() : Napi::Value(info.Env(), page);
}

// (handle, slot, offset, bytes, value)
Napi::Value Store(const Napi::CallbackInfo& info) {
  schedhint_binding* binding = BindingOf(info);
  if (binding == nullptr) return Napi::Boolean::New(info.Env(), false);
  BlockPart block = BlockOf(binding, info[1].As<Napi::Number>().Uint32Value());
  uint32_t offset = info[2].As<Napi::Number>().Uint32Value();
  uint32_t bytes = info[3].As<Napi::Number>().Uint32Value() == 2 ? 2 : 4;
  uint32_t value = info[4].As<Napi::Number>().Uint32Value();
  if (!block.Has(offset, bytes)) return Napi::Boolean::New(info.Env(), false);
  uint8_t* place = block.address + offset;
  if (bytes == 2) {
    __atomic_store_n(reinterpret_cast<uint16_t*>(place), value, __ATOMIC_RELEASE);
  } else {
    __atomic_store_n(reinterpret_cast<uint32_t*>(place), value, __ATOMIC_RELEASE);
  }
  return Napi::Boolean::New(info.Env(), true);
}

// (handle, status)
void Status(const Napi::CallbackInfo& info) {
  Write(StatusOf(info), info[1]);
}

Napi::Value BoundTo(const Napi::CallbackInfo& info) {
  schedhint_status status = StatusOf(info);
  bool is_bound = status.step == SCHEDHINT_STEP_NONE;
  return Napi::Number::New(info.Env(), is_bound ? status.map_id : 0);
}

// (handle, layout)
Napi::Value StartGcHook(const Napi::CallbackInfo& info) {
  schedhint_binding* binding = BindingOf(info);
  schedhint_gc_layout layout;
  bool started = binding != nullptr && Read(info[1], &layout) && HasFields(binding, layout) &&
                 SharedRegistry().gc_start(binding, &layout) != 0;
  return Napi::Boolean::New(info.Env(), started);
}

void StopGcHook(const Napi::CallbackInfo& info) {
  if (schedhint_binding* binding = BindingOf(info)) SharedRegistry().gc_stop(binding);
}

// (handle, layout)
void FindHelpers(const Napi::CallbackInfo& info) {
  schedhint_binding* binding = BindingOf(info);
  schedhint_helpers_layout layout;
  if (binding == nullptr || !Read(info[1], &layout)) return;
  SharedRegistry().find_helpers(binding, &layout);
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

void ExportAttachments(std::vector<napi_property_descriptor>* exports) {
  exports->insert(
      exports->end(),
      {Exported<Attach>("attach"), Exported<Page>("page"), Exported<Store>("store"),
       Exported<Status>("status"), Exported<BoundTo>("boundTo"), Exported<SetHint>("setHint"),
       Exported<FindHelpers>("findHelpers"), Exported<StartGcHook>("startGcHook"),
       Exported<StopGcHook>("stopGcHook"), Exported<Release>("release")});
}

}  // namespace schedhint
