#pragma once
// Makes the N-API property descriptors of the functions and constants that the addon exports.

#include <napi.h>

namespace schedhint {

// A function that the addon exports. All are defined by one call: a worker that is terminated
// during it has none of them, rather than some.
template <Napi::Value (*kFunction)(const Napi::CallbackInfo&)>
napi_property_descriptor Exported(const char* name) {
  napi_callback call = [](napi_env env, napi_callback_info info) -> napi_value {
    return kFunction(Napi::CallbackInfo(env, info));
  };
  return {name, nullptr, call, nullptr, nullptr, nullptr, napi_default_jsproperty, nullptr};
}

template <void (*kFunction)(const Napi::CallbackInfo&)>
napi_property_descriptor Exported(const char* name) {
  napi_callback call = [](napi_env env, napi_callback_info info) -> napi_value {
    kFunction(Napi::CallbackInfo(env, info));
    return nullptr;
  };
  return {name, nullptr, call, nullptr, nullptr, nullptr, napi_default_jsproperty, nullptr};
}

// A value that never changes.
inline napi_property_descriptor Exported(const char* name, napi_value value) {
  return {name, nullptr, nullptr, nullptr, nullptr, value, napi_default_jsproperty, nullptr};
}

}  // namespace schedhint
