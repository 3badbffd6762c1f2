#pragma once
// The functions of libuv and Node-API that watching an event loop needs, by names that libuv's
// headers are not needed for. Weak: null in a runtime that does not export them (Deno).

#include <cstddef>
#include <cstdint>

struct uv_loop_s;

extern "C" {
using UvCallback = void (*)(void* handle);
__attribute__((weak)) size_t uv_handle_size(int type);
__attribute__((weak)) void* uv_handle_get_data(const void* handle);
__attribute__((weak)) void uv_handle_set_data(void* handle, void* data);
__attribute__((weak)) int uv_prepare_init(uv_loop_s* loop, void* handle);
__attribute__((weak)) int uv_prepare_start(void* handle, UvCallback callback);
__attribute__((weak)) void uv_unref(void* handle);
__attribute__((weak)) void uv_close(void* handle, UvCallback callback);
__attribute__((weak)) int uv_loop_configure(uv_loop_s* loop, int option, ...);
__attribute__((weak)) uint64_t uv_metrics_idle_time(uv_loop_s* loop);
}

namespace schedhint {

// Of libuv 1: enumerations that only grow.
constexpr int kUvPrepare = 9;
constexpr int kUvMetricsIdleTime = 1;

inline bool HasLibuv() {
  return uv_handle_size != nullptr && uv_handle_get_data != nullptr &&
         uv_handle_set_data != nullptr && uv_prepare_init != nullptr &&
         uv_prepare_start != nullptr && uv_unref != nullptr && uv_close != nullptr &&
         uv_loop_configure != nullptr && uv_metrics_idle_time != nullptr;
}

}  // namespace schedhint
