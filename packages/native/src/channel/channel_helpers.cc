// The channel's part for the runtime's helper threads, which have no thread's blocks. A helper
// of the collector gets an element that leads to the process's block, a pool thread one that leads
// to a second such block, because a reader has nothing else to tell the two apart by.
//
// Helper threads end with the process, and an element is deleted at most once, so no descriptor is
// kept for them: it is opened for the call.

#include <errno.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>

#include "channel/channel.h"
#include "channel/shortage.h"

namespace schedhint {
namespace {

// A tid may be another process's by now.
bool IsOfThisProcess(pid_t tid) {
  return syscall(SYS_tgkill, getpid(), tid, 0) == 0;
}

uint32_t* WordAt(const HeldBlockSet& blocks, uint32_t slot, uint32_t offset) {
  return reinterpret_cast<uint32_t*>(blocks->At(slot).address + offset);
}

}  // namespace

void Channel::WantHelpers(const schedhint_helpers_layout& layout) {
  if (kind_ != SCHEDHINT_KIND_UPTR || layout.process_slot >= slots_.size()) return;
  const schedhint_slot& slot = slots_[layout.process_slot];
  auto fits = [&slot](uint32_t offset) {
    return offset % sizeof(uint32_t) == 0 && offset < slot.size &&
           slot.size - offset >= sizeof(uint32_t);
  };
  if (slot.owner == SCHEDHINT_OWNER_PROCESS && fits(layout.flags) &&
      std::all_of(std::begin(layout.same), std::end(layout.same), fits)) {
    helpers_layout_ = layout;
  }
}

void Channel::BindHelpers(const std::vector<HelperThread>& known) {
  if (!WantsHelpers()) return;
  auto has_ended = [&](const Helper& helper) {
    return std::none_of(known.begin(), known.end(), [&](const HelperThread& thread) {
      return thread.tid == helper.thread.tid;
    });
  };
  for (const Helper& helper : helpers_) {
    if (has_ended(helper)) DeleteHelper(helper);
  }
  helpers_.erase(std::remove_if(helpers_.begin(), helpers_.end(), has_ended), helpers_.end());
  for (const HelperThread& thread : known) {
    bool is_new = std::none_of(helpers_.begin(), helpers_.end(), [&](const Helper& helper) {
      return helper.thread.tid == thread.tid;
    });
    if (is_new && !IsOwnJsThread(thread.tid)) helpers_.push_back({thread});
  }
  for (Helper& helper : helpers_) BindHelper(&helper);
  TellOfHelpers();
}

// The leader has an element of another kind, and so have threads that are bound.
bool Channel::IsOwnJsThread(pid_t tid) const {
  return tid == leader_tid_ ||
         std::any_of(bindings.begin(), bindings.end(), [tid](const schedhint_binding* binding) {
           return binding->status.tid == tid;
         });
}

void Channel::BindHelper(Helper* helper) {
  if (helper->bound || helper->request != 0 || helper->refused) return;
  pid_t tid = helper->thread.tid;
  if (helper->thread.kind == HelperThread::Kind::kPool && !TakePoolBlock()) return;
  Element element = ElementOf(helper->thread);
  if (!direct_.is_open()) {
    if (broker_->Bind(tid, element, &helper->request) != 0) helper->refused = true;
    return;
  }
  HeldThreadKey key(new ThreadKey(tid));
  int descriptor = key->Descriptor();
  if (descriptor < 0) {
    helper->status = Failed(SCHEDHINT_STEP_OPEN_THREAD, descriptor);
  } else if (IsOfThisProcess(tid)) {
    helper->status = SetElement(key, element);
    helper->bound = helper->status.step == SCHEDHINT_STEP_NONE;
  }
  // A shortage may be over at the next look.
  helper->refused = !helper->bound && !IsShortage(helper->status);
}

Element Channel::ElementOf(const HelperThread& thread) const {
  return {{}, thread.kind == HelperThread::Kind::kPool ? pool_block_ : process_};
}

// False while the process's block is not filled in, or there is no memory.
bool Channel::TakePoolBlock() {
  if (pool_block_.holds_any()) return true;
  const schedhint_helpers_layout& layout = helpers_layout_;
  const uint32_t slot = layout.process_slot;
  auto own = [&](uint32_t offset) {
    return __atomic_load_n(WordAt(process_, slot, offset), __ATOMIC_ACQUIRE);
  };
  if (own(layout.same[0]) == 0) return false;
  HeldBlockSet block(new BlockSet(pool_));
  if (!block->Take(slots_, SCHEDHINT_OWNER_PROCESS)) return false;
  pool_block_ = block;
  *WordAt(block, slot, layout.flags) = layout.inherit_flag;
  for (size_t i = std::size(layout.same); i-- > 0;) {
    uint32_t offset = layout.same[i];
    __atomic_store_n(WordAt(block, slot, offset), own(offset), __ATOMIC_RELEASE);
  }
  return true;
}

// Once all that are known have theirs: from then on a thread without an element is no helper.
void Channel::TellOfHelpers() {
  uint32_t bound = 0, missing = 0;
  for (const Helper& helper : helpers_) {
    if (helper.thread.kind != HelperThread::Kind::kCollector) continue;
    (helper.bound ? bound : missing)++;
  }
  uint32_t* flags = WordAt(process_, helpers_layout_.process_slot, helpers_layout_.flags);
  uint32_t flag = bound > 0 && missing == 0 ? helpers_layout_.bound_flag : 0;
  __atomic_store_n(flags, flag, __ATOMIC_RELEASE);
}

bool Channel::HearOfHelper(uint64_t request, const schedhint_status& status) {
  auto asked = std::find_if(helpers_.begin(), helpers_.end(),
                            [request](const Helper& helper) { return helper.request == request; });
  if (asked == helpers_.end()) return false;
  asked->request = 0;
  asked->status = status;
  asked->bound = status.step == SCHEDHINT_STEP_NONE;
  asked->refused = !asked->bound;
  TellOfHelpers();
  return true;
}

void Channel::DeleteHelper(const Helper& helper) {
  pid_t tid = helper.thread.tid;
  // One that has ended has taken its element along, and its number may be another's.
  if (IsOwnJsThread(tid)) return;
  if (broker_ != nullptr) broker_->Unbind(tid);
  if (!helper.bound || !direct_.is_open()) return;
  HeldThreadKey key(new ThreadKey(tid));
  // Opened before the question whose it is, so that the answer is about what was opened.
  int descriptor = key->Descriptor();
  if (descriptor == -ESRCH || !IsOfThisProcess(tid)) return;
  direct_.Delete(key, ElementOf(helper.thread));
}

void Channel::UnbindHelpers() {
  for (const Helper& helper : helpers_) DeleteHelper(helper);
  ForgetHelpers();
}

// There are no elements any more.
void Channel::ForgetHelpers() {
  if (helpers_layout_.bound_flag == 0) return;
  helpers_.clear();
  pool_block_ = {};
  TellOfHelpers();
}

}  // namespace schedhint
