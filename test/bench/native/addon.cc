// The N-API surface; ../native.ts declares and documents it.

#include <unistd.h>

#include <string>
#include <vector>

#include "bench.h"
#include "scale.h"
#include "switches.h"
#include "threads.h"

namespace {

// What JavaScript has called a function with.
class Arguments {
 public:
  Arguments(napi_env env, napi_callback_info info) : env_(env) {
    size_t count = kMost;
    napi_get_cb_info(env, info, &count, values_, nullptr, nullptr);
  }

  uint32_t Number(size_t index) const {
    double number = 0;
    napi_get_value_double(env_, values_[index], &number);
    return static_cast<uint32_t>(static_cast<int64_t>(number));
  }

  std::string String(size_t index) const {
    char text[4096];
    size_t length = 0;
    napi_get_value_string_utf8(env_, values_[index], text, sizeof(text), &length);
    return std::string(text, length);
  }

 private:
  static constexpr size_t kMost = 4;
  napi_env env_;
  napi_value values_[kMost];
};

napi_value Number(napi_env env, int64_t number) {
  napi_value value;
  napi_create_int64(env, number, &value);
  return value;
}

napi_value Numbers(napi_env env, const std::vector<double>& numbers) {
  napi_value array;
  napi_create_array_with_length(env, numbers.size(), &array);
  for (uint32_t i = 0; i < numbers.size(); i++) {
    napi_value value;
    napi_create_double(env, numbers[i], &value);
    napi_set_element(env, array, i, value);
  }
  return array;
}

template <int64_t (*kLoop)(uint32_t)>
napi_value Measure(napi_env env, napi_callback_info info) {
  return Number(env, kLoop(Arguments(env, info).Number(0)));
}

// What a hint by a call would have to do at least: take a field and a value, and store.
napi_value CallWithTwo(napi_env env, napi_callback_info info) {
  napi_value arguments[2];
  size_t argument_count = 2;
  uint32_t field = 0, value = 0;
  napi_get_cb_info(env, info, &argument_count, arguments, nullptr, nullptr);
  napi_get_value_uint32(env, arguments[0], &field);
  napi_get_value_uint32(env, arguments[1], &value);
  store_field(field, value);
  return nullptr;
}

napi_value LoadObject(napi_env env, napi_callback_info info) {
  Arguments given(env, info);
  const char* failure =
      load_object(given.String(0).c_str(), given.String(1).c_str(), given.String(2).c_str());
  napi_value result;
  if (failure == nullptr) {
    napi_get_null(env, &result);
  } else {
    napi_create_string_utf8(env, failure, NAPI_AUTO_LENGTH, &result);
  }
  return result;
}

napi_value UnloadObject(napi_env, napi_callback_info) {
  unload_object();
  return nullptr;
}

napi_value PinAnother(napi_env env, napi_callback_info info) {
  Arguments given(env, info);
  return Number(env, pin_another(given.String(0).c_str(), given.String(1).c_str()));
}

napi_value CloseMap(napi_env env, napi_callback_info info) {
  close(static_cast<int>(Arguments(env, info).Number(0)));
  return nullptr;
}

int64_t BindSelf(uint32_t count) {
  int map = map_descriptor("schedhint");
  int64_t total = 0;
  for (uint32_t i = 0; i < count; i++) {
    int64_t took = BindByHand(map);
    if (took < 0) return took;
    total += took;
    UnbindByHand(map);
  }
  return total;
}

napi_value BindBothWays(napi_env env, napi_callback_info info) {
  Arguments given(env, info);
  uint32_t count = given.Number(1);
  std::vector<double> by_hand(count / 2), by_registry(count / 2);
  int error = ::BindBothWays(given.String(0), map_descriptor("schedhint"), count, by_hand.data(),
                             by_registry.data());
  if (error != 0) return Number(env, error);
  napi_value both;
  napi_create_array_with_length(env, 2, &both);
  napi_set_element(env, both, 0, Numbers(env, by_hand));
  napi_set_element(env, both, 1, Numbers(env, by_registry));
  return both;
}

napi_value KeepBound(napi_env env, napi_callback_info info) {
  Arguments given(env, info);
  return Number(env, ::KeepBound(given.String(0), given.Number(1)));
}

napi_value LetGo(napi_env, napi_callback_info) {
  ::LetGo();
  return nullptr;
}

napi_value Rebind(napi_env env, napi_callback_info info) {
  Arguments given(env, info);
  uint32_t id = map_id(static_cast<int>(given.Number(2)));
  return Number(env, ::Rebind(given.String(0), given.String(1), id));
}

napi_value RebindByHand(napi_env env, napi_callback_info info) {
  return Number(env, ::RebindByHand(static_cast<int>(Arguments(env, info).Number(0))));
}

napi_value PagesOfBlocks(napi_env env, napi_callback_info) {
  return Number(env, ::PagesOfBlocks());
}

napi_value SwitchBetween(napi_env env, napi_callback_info info) {
  Arguments given(env, info);
  return Number(env, ::SwitchBetween(given.String(0), given.Number(1), given.Number(2)));
}

napi_value EnableRunTimeStatistics(napi_env env, napi_callback_info) {
  return Number(env, ::EnableRunTimeStatistics());
}

napi_value RunTimeOf(napi_env env, napi_callback_info info) {
  uint64_t ns = 0, runs = 0;
  ::RunTimeOf(Arguments(env, info).String(0).c_str(), &ns, &runs);
  return Numbers(env, {static_cast<double>(ns), static_cast<double>(runs)});
}

void Export(napi_env env, napi_value exports, const char* name, napi_callback function) {
  napi_value value;
  napi_create_function(env, name, NAPI_AUTO_LENGTH, function, nullptr, &value);
  napi_set_named_property(env, exports, name, value);
}

}  // namespace

NAPI_MODULE_INIT() {
  Export(env, exports, "storePlain", Measure<store_plain>);
  Export(env, exports, "storeSeqCst", Measure<store_seq_cst>);
  Export(env, exports, "renameThread", Measure<rename_thread>);
  Export(env, exports, "callProbed", Measure<call_probed>);
  Export(env, exports, "updateHint", Measure<update_hint>);
  Export(env, exports, "readTwoClocks", Measure<read_two_clocks>);
  Export(env, exports, "bindSelf", Measure<BindSelf>);
  Export(env, exports, "installHooks", Measure<install_hooks>);
  Export(env, exports, "installEmptyHooks", Measure<install_empty_hooks>);
  Export(env, exports, "callWithTwo", CallWithTwo);
  Export(env, exports, "loadObject", LoadObject);
  Export(env, exports, "unloadObject", UnloadObject);
  Export(env, exports, "pinAnother", PinAnother);
  Export(env, exports, "closeMap", CloseMap);
  Export(env, exports, "bindBothWays", BindBothWays);
  Export(env, exports, "keepBound", KeepBound);
  Export(env, exports, "letGo", LetGo);
  Export(env, exports, "rebind", Rebind);
  Export(env, exports, "rebindByHand", RebindByHand);
  Export(env, exports, "pagesOfBlocks", PagesOfBlocks);
  Export(env, exports, "switchBetween", SwitchBetween);
  Export(env, exports, "enableRunTimeStatistics", EnableRunTimeStatistics);
  Export(env, exports, "runTimeOf", RunTimeOf);
  return exports;
}
