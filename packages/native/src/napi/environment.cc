#include "napi/environment.h"

#include <utility>

#include "kernel/block_size.h"

namespace schedhint {

Environment::Environment(Napi::Env env) : env_(env) {
  napi_add_env_cleanup_hook(env, OnCleanup, this);
}

uint32_t Environment::Add(const Attached& attached) {
  attached_[++last_handle_] = attached;
  return last_handle_;
}

const Environment::Attached* Environment::Find(uint32_t handle) const {
  auto found = attached_.find(handle);
  return found == attached_.end() ? nullptr : &found->second;
}

void Environment::Release(uint32_t handle) {
  const Attached* attached = Find(handle);
  if (attached == nullptr) return;
  if (attached->binding != nullptr) SharedRegistry().release(attached->binding);
  attached_.erase(handle);
}

size_t Environment::NumberOfPage(uintptr_t address) {
  auto [known, is_new] = page_numbers_.try_emplace(address, pages_.size());
  if (is_new) pages_.push_back({address, nullptr});
  return known->second;
}

napi_value Environment::PageAt(Napi::Env env, size_t number) {
  if (number >= pages_.size()) return nullptr;
  Page& page = pages_[number];
  napi_value buffer = nullptr;
  if (page.buffer != nullptr) {
    napi_get_reference_value(env, page.buffer, &buffer);
  } else if (napi_create_external_arraybuffer(env, reinterpret_cast<void*>(page.address),
                                              PageSize(), nullptr, nullptr, &buffer) != napi_ok ||
             napi_create_reference(env, buffer, 1, &page.buffer) != napi_ok) {
    return nullptr;
  }
  return buffer;
}

void Environment::Listen(Napi::Env env, Napi::Function callback, Napi::Object resource) {
  if (listener_ != nullptr) return;
  constexpr size_t kOneIsEnough = 1;  // a second call would find nothing new
  Napi::String name = Napi::String::New(env, "schedhint status");
  if (napi_create_threadsafe_function(env, callback, resource, name, kOneIsEnough, 1, nullptr,
                                      nullptr, nullptr, nullptr, &listener_) != napi_ok) {
    listener_ = nullptr;
    return;
  }
  napi_unref_threadsafe_function(env, listener_);
  // Hooks run in reverse order: this one while the function, which has another hook, is whole.
  napi_add_env_cleanup_hook(env, StopListening, this);
  SharedRegistry().listen(OnStatus, this);
}

ThreadMeter& Environment::Meter() {
  if (meter_ == nullptr) meter_ = std::make_unique<ThreadMeter>();
  return *meter_;
}

bool Environment::SharePauses(Napi::Value array, SharedPauses::Words* words) {
  TellingOfPauses telling{std::make_unique<SharedPauses>(words), nullptr};
  // Held first: a collection may come at any time from the start on.
  if (napi_create_reference(env_, array, 1, &telling.array) != napi_ok) return false;
  if (!telling.pauses->Start()) {
    napi_delete_reference(env_, telling.array);
    return false;
  }
  telling_of_pauses_.push_back(std::move(telling));
  return true;
}

void Environment::UnsharePauses(const SharedPauses::Words* words) {
  for (auto telling = telling_of_pauses_.begin(); telling != telling_of_pauses_.end(); ++telling) {
    if (telling->pauses->words() != words) continue;
    telling->pauses->Stop();
    napi_delete_reference(env_, telling->array);
    telling_of_pauses_.erase(telling);
    return;
  }
}

void Environment::StopListening(void* data) {
  Environment* environment = static_cast<Environment*>(data);
  SharedRegistry().unlisten(OnStatus, environment);
  napi_release_threadsafe_function(environment->listener_, napi_tsfn_abort);
  environment->listener_ = nullptr;
}

// On the watcher's thread.
void Environment::OnStatus(void* data) {
  napi_call_threadsafe_function(static_cast<Environment*>(data)->listener_, nullptr,
                                napi_tsfn_nonblocking);
}

// Runs on the environment's thread, with its isolate alive and no more JavaScript to come.
void Environment::OnCleanup(void* data) {
  Environment* environment = static_cast<Environment*>(data);
  SharedRegistry().thread_ends();
  for (auto& [handle, attached] : environment->attached_) {
    if (attached.binding != nullptr) SharedRegistry().release(attached.binding);
  }
  environment->attached_.clear();
  // Node.js frees a reference only when somebody deletes it.
  for (Page& page : environment->pages_) {
    if (page.buffer != nullptr) napi_delete_reference(environment->env_, page.buffer);
  }
  environment->pages_.clear();
  environment->meter_.reset();
  // V8 collects once more while it tears the isolate down, when the memory may be gone.
  for (TellingOfPauses& telling : environment->telling_of_pauses_) {
    telling.pauses->Stop();
    napi_delete_reference(environment->env_, telling.array);
  }
  environment->telling_of_pauses_.clear();
}

}  // namespace schedhint
