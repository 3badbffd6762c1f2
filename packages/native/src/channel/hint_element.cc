#include "channel/hint_element.h"

#include <errno.h>

#include "kernel/bpf_syscall.h"

namespace schedhint {
namespace {

// struct task_hint, scx_layered's intf.h.
struct Value {
  uint64_t hint;
  uint64_t reserved[3];
};
static_assert(sizeof(Value) == HintElement::kValueSize, "the size of the map's value");

}  // namespace

void HintElement::Set(int32_t hint) {
  std::lock_guard<std::mutex> lock(mutex_);
  app_ = hint;
  Write(Wanted());
}

void HintElement::EnterPause(int32_t hint) {
  std::lock_guard<std::mutex> lock(mutex_);
  pause_ = hint;
  Write(Wanted());
}

void HintElement::LeavePause() {
  EnterPause(kNone);
}

schedhint_status HintElement::Bind(int map_fd, const HeldThreadKey& thread) {
  int key = thread->Descriptor();
  if (key < 0) return Failed(SCHEDHINT_STEP_OPEN_THREAD, key);
  std::lock_guard<std::mutex> lock(mutex_);
  map_fd_ = map_fd;
  thread_ = thread;
  written_ = kNone;
  int error = Write(Wanted());
  if (error == 0) return {};
  thread_ = {};
  return Failed(SCHEDHINT_STEP_UPDATE, error);
}

void HintElement::Unbind() {
  std::lock_guard<std::mutex> lock(mutex_);
  if (!thread_.holds_any()) return;
  if (written_ != kNone) Write(normal_);
  thread_ = {};
  error_ = 0;
}

int HintElement::LastError() {
  std::lock_guard<std::mutex> lock(mutex_);
  return error_;
}

int32_t HintElement::Wanted() const {
  if (pause_ != kNone) return pause_;
  if (app_ != kNone) return app_;
  return written_ == kNone ? kNone : normal_;
}

int HintElement::Write(int32_t hint) {
  if (!thread_.holds_any()) return 0;
  if (hint == written_) return error_ = 0;
  Value value = {static_cast<uint64_t>(hint), {}};
  error_ = UpdateElement(map_fd_, thread_->last_descriptor(), &value);
  if (error_ == 0) written_ = hint;
  return error_;
}

}  // namespace schedhint
