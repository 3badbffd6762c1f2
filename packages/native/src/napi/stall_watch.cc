#include "napi/stall_watch.h"

#include <algorithm>
#include <cstring>
#include <string>

#include "napi/environment.h"
#include "napi/exported.h"
#include "napi/typed_array.h"
#include "stalls/loop_watch.h"

// Not in every runtime that could load this addon.
#pragma weak napi_get_uv_event_loop
#pragma weak napi_add_async_cleanup_hook
#pragma weak napi_remove_async_cleanup_hook

namespace schedhint {

// One environment's watch of its loop. Gone when the loop has closed its handle, which an
// environment that ends waits for.
class LoopOwner {
 public:
  // Null where the runtime lacks what it needs.
  static LoopOwner* Start(Napi::Env env, Napi::Function callback) {
    uv_loop_s* loop;
    if (napi_get_uv_event_loop == nullptr || napi_add_async_cleanup_hook == nullptr ||
        napi_remove_async_cleanup_hook == nullptr ||
        napi_get_uv_event_loop(env, &loop) != napi_ok) {
      return nullptr;
    }
    LoopOwner* owner = new LoopOwner(env);
    owner->watch_ = LoopWatch::Start(loop, &Environment::OfEnv(env).Meter(), OnStall, owner);
    if (owner->watch_ == nullptr) {
      delete owner;
      return nullptr;
    }
    napi_add_async_cleanup_hook(env, OnCleanup, owner, &owner->hook_);
    napi_create_reference(env, callback, 1, &owner->callback_);
    return owner;
  }

  void Stop() {
    if (watch_ == nullptr) return;
    LoopWatch* watch = watch_;
    watch_ = nullptr;
    Environment::OfEnv(env_).loop_owner = nullptr;
    if (callback_ != nullptr) napi_delete_reference(env_, callback_);
    callback_ = nullptr;
    watch->Stop(OnClosed, this);
  }

  LoopWatch* watch() { return watch_; }

  std::string files;  // that are open

 private:
  explicit LoopOwner(napi_env env) : env_(env) {}

  static void OnStall(void* data) {
    LoopOwner* owner = static_cast<LoopOwner*>(data);
    napi_env env = owner->env_;
    napi_handle_scope scope;
    if (napi_open_handle_scope(env, &scope) != napi_ok) return;
    napi_value callback, global, ignored;
    // JavaScript's side catches what listeners throw, and throws it in a tick, which is a part of
    // this call. In a worker that is being terminated all of these fail.
    if (napi_get_reference_value(env, owner->callback_, &callback) == napi_ok &&
        napi_get_global(env, &global) == napi_ok &&
        napi_make_callback(env, nullptr, global, callback, 0, nullptr, &ignored) != napi_ok) {
      bool is_pending = false;
      napi_is_exception_pending(env, &is_pending);
      napi_value error;
      if (is_pending && napi_get_and_clear_last_exception(env, &error) == napi_ok) {
        napi_fatal_exception(env, error);
      }
    }
    napi_close_handle_scope(env, scope);
  }

  static void OnCleanup(napi_async_cleanup_hook_handle, void* data) {
    static_cast<LoopOwner*>(data)->Stop();
  }

  static void OnClosed(void* data) {
    LoopOwner* owner = static_cast<LoopOwner*>(data);
    if (owner->hook_ != nullptr) napi_remove_async_cleanup_hook(owner->hook_);
    delete owner;
  }

  napi_env env_;
  LoopWatch* watch_ = nullptr;  // null: is being closed
  napi_ref callback_ = nullptr;
  napi_async_cleanup_hook_handle hook_ = nullptr;
};

namespace {

LoopWatch* WatchOf(const Napi::CallbackInfo& info) {
  LoopOwner* owner = Environment::Of(info).loop_owner;
  return owner == nullptr ? nullptr : owner->watch();
}

constexpr double kSchedstat = 1;
constexpr double kPauses = 2;

// (callback, thresholdMs, files, sharedThreadId): what is measured, as bits; 0: nothing is watched.
Napi::Value WatchLoop(const Napi::CallbackInfo& info) {
  LoopOwner*& owner = Environment::Of(info).loop_owner;
  if (owner == nullptr) owner = LoopOwner::Start(info.Env(), info[0].As<Napi::Function>());
  if (owner == nullptr) return Napi::Number::New(info.Env(), 0);
  LoopWatch* watch = owner->watch();
  watch->SetThreshold(info[1].As<Napi::Number>().Uint32Value());
  std::string files = info[2].As<Napi::String>();
  if (files != owner->files) {
    // Each ends by a NUL: the quiet thread's, and those of the cgroups.
    watch->Open(files.c_str());
    owner->files = files;
  }
  double thread_id = info[3].As<Napi::Number>().DoubleValue();
  if (thread_id >= 0) watch->Share(static_cast<uint32_t>(thread_id));
  double is_watched = 4;
  return Napi::Number::New(info.Env(), is_watched + (watch->has_schedstat() ? kSchedstat : 0) +
                                           (watch->has_pauses() ? kPauses : 0));
}

void UnwatchLoop(const Napi::CallbackInfo& info) {
  if (LoopOwner* owner = Environment::Of(info).loop_owner) owner->Stop();
}

// (figures)
void CopyStallFigures(const Napi::CallbackInfo& info) {
  LoopWatch* watch = WatchOf(info);
  auto [numbers, count] = NumbersOf<double>(info[0]);
  if (watch == nullptr || count * sizeof(double) < sizeof(watch->figures())) return;
  std::memcpy(numbers, &watch->figures(), sizeof(watch->figures()));
}

Napi::Value ShowStarvedShare(const Napi::CallbackInfo& info) {
  LoopWatch* watch = WatchOf(info);
  return Napi::Number::New(info.Env(), watch == nullptr ? -1 : watch->StarvedShare());
}

// (findings)
void TellStalls(const Napi::CallbackInfo& info) {
  struct {
    RecordSlot::Findings findings;
    double longest_stall_ms;
    RecordSlot::Heap heap;
  } told;
  LoopWatch* watch = WatchOf(info);
  auto [numbers, count] = NumbersOf<double>(info[0]);
  if (watch == nullptr || count * sizeof(double) < sizeof(told)) return;
  std::memcpy(&told, numbers, sizeof(told));
  watch->Tell(told.findings, told.longest_stall_ms, told.heap);
}

// (usage): whether the kernel counts run delay
Napi::Value ReadThreadUsage(const Napi::CallbackInfo& info) {
  ThreadMeter& meter = Environment::Of(info).Meter();
  auto [numbers, count] = NumbersOf<double>(info[0]);
  if (count >= 3) {
    ThreadUsage usage = meter.Read(ThreadMeter::kLast);
    numbers[0] = static_cast<double>(usage.cpu_ns);
    numbers[1] = static_cast<double>(usage.run_delay_ns);
    numbers[2] = static_cast<double>(usage.involuntary_switches);
  }
  return Napi::Boolean::New(info.Env(), meter.has_schedstat());
}

SharedPauses::Words* WordsOf(Napi::Value array) {
  auto [words, count] = NumbersOf<int64_t>(array);
  return count < 2 ? nullptr : reinterpret_cast<SharedPauses::Words*>(words);
}

// (words): whether V8 reports pauses
Napi::Value SharePauses(const Napi::CallbackInfo& info) {
  SharedPauses::Words* words = WordsOf(info[0]);
  bool is_shared = words != nullptr && Environment::Of(info).SharePauses(info[0], words);
  return Napi::Boolean::New(info.Env(), is_shared);
}

// (words)
void UnsharePauses(const Napi::CallbackInfo& info) {
  Environment::Of(info).UnsharePauses(WordsOf(info[0]));
}

}  // namespace

void ExportStallWatch(std::vector<napi_property_descriptor>* exports) {
  exports->insert(
      exports->end(),
      {Exported<WatchLoop>("watchLoop"), Exported<UnwatchLoop>("unwatchLoop"),
       Exported<CopyStallFigures>("stallFigures"), Exported<ShowStarvedShare>("starvedShare"),
       Exported<TellStalls>("tellStalls"), Exported<ReadThreadUsage>("threadUsage"),
       Exported<SharePauses>("sharePauses"), Exported<UnsharePauses>("unsharePauses")});
}

}  // namespace schedhint
