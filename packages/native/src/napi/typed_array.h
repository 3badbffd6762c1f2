#pragma once
// Structs travel to and from JavaScript as the numbers of a typed array. Node-API reads and fills
// one without running JavaScript, so it does so also in a worker that is being terminated. There
// any function that sets a property or makes an object from JavaScript fails.

#include <napi.h>

#include <cstring>

namespace schedhint {

// The numbers of a typed array; empty for any other value.
template <typename T>
struct Numbers {
  T* data = nullptr;
  size_t count = 0;
};

constexpr napi_typedarray_type ArrayTypeOf(int32_t) {
  return napi_int32_array;
}
constexpr napi_typedarray_type ArrayTypeOf(uint32_t) {
  return napi_uint32_array;
}
constexpr napi_typedarray_type ArrayTypeOf(int64_t) {
  return napi_bigint64_array;
}
constexpr napi_typedarray_type ArrayTypeOf(double) {
  return napi_float64_array;
}

template <typename T>
Numbers<T> NumbersOf(Napi::Value value) {
  napi_typedarray_type type;
  size_t count;
  void* data;
  if (value.IsEmpty() || napi_get_typedarray_info(value.Env(), value, &type, &count, &data, nullptr,
                                                  nullptr) != napi_ok) {
    return {};
  }
  return type == ArrayTypeOf(T{}) ? Numbers<T>{static_cast<T*>(data), count} : Numbers<T>{};
}

// A struct as i32 words: written to an Int32Array that is large enough.
template <typename Struct>
void Write(const Struct& source, Napi::Value array) {
  auto [words, count] = NumbersOf<int32_t>(array);
  if (count * sizeof(*words) >= sizeof(source)) std::memcpy(words, &source, sizeof(source));
}

// The same read from one; false: it is too small.
template <typename Struct>
bool Read(Napi::Value array, Struct* target) {
  auto [words, count] = NumbersOf<int32_t>(array);
  if (count * sizeof(*words) < sizeof(*target)) return false;
  std::memcpy(target, words, sizeof(*target));
  return true;
}

}  // namespace schedhint
