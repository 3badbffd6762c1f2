// The N-API surface; ../native.ts declares and documents it.

#include <string>

#include "bench.h"

namespace {

std::string StringOf(napi_env env, napi_value value) {
  char text[4096];
  size_t length = 0;
  napi_get_value_string_utf8(env, value, text, sizeof(text), &length);
  return std::string(text, length);
}

template <int64_t (*kLoop)(uint32_t)>
napi_value Measure(napi_env env, napi_callback_info info) {
  napi_value argument, result;
  size_t argument_count = 1;
  uint32_t count = 0;
  napi_get_cb_info(env, info, &argument_count, &argument, nullptr, nullptr);
  napi_get_value_uint32(env, argument, &count);
  napi_create_int64(env, kLoop(count), &result);
  return result;
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
  napi_value arguments[3], result = nullptr;
  size_t argument_count = 3;
  napi_get_cb_info(env, info, &argument_count, arguments, nullptr, nullptr);
  const char* failure =
      load_object(StringOf(env, arguments[0]).c_str(), StringOf(env, arguments[1]).c_str(),
                  StringOf(env, arguments[2]).c_str());
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
  Export(env, exports, "callWithTwo", CallWithTwo);
  Export(env, exports, "loadObject", LoadObject);
  Export(env, exports, "unloadObject", UnloadObject);
  return exports;
}
