#include "channel/channel.h"

#include <errno.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>

#include "channel/shortage.h"
#include "channel/tld.h"

namespace schedhint {
namespace {

// Whether a broker may succeed where this process failed to open the map: it may have the
// permission, or see the path.
bool MayBeBrokered(const schedhint_status& status) {
  switch (status.error) {
    case EPERM:
      return true;
    case EACCES:
    case ENOSYS:
    case ENOENT:
    case ENOTDIR:
      return status.step == SCHEDHINT_STEP_OPEN_MAP;
    default:
      return false;
  }
}

}  // namespace

Channel::Channel(const schedhint_channel_spec& spec, PagePool* pool, UndeletedElements* undeleted)
    : paths_{spec.path},
      broker_socket_(spec.broker),
      pool_(pool),
      value_size_(spec.value_size),
      slots_(spec.slots, spec.slots + spec.slot_count),
      count_slot_(spec.count_slot),
      count_offset_(spec.count_offset),
      kind_(spec.kind),
      normal_hint_(spec.normal_hint),
      leader_tid_(getpid()),
      undeleted_(undeleted),
      direct_(undeleted) {}

std::unique_ptr<Channel> Channel::Create(const schedhint_channel_spec& spec, PagePool* pool,
                                         const Block& metadata, MapWatcher* watcher,
                                         UndeletedElements* undeleted, schedhint_status* status) {
  std::unique_ptr<Channel> channel(new Channel(spec, pool, undeleted));
  channel->process_ = HeldBlockSet(new BlockSet(pool));
  if (spec.kind == SCHEDHINT_KIND_TLD) {
    channel->process_->Keep(channel->slots_, kTldMetadataSlot, metadata);
  } else if (!channel->process_->Take(channel->slots_, SCHEDHINT_OWNER_PROCESS)) {
    *status = Failed(SCHEDHINT_STEP_MEMORY, errno);
    return nullptr;
  }
  for (const schedhint_slot& slot : channel->slots_) {
    channel->has_process_slot_ |=
        spec.kind == SCHEDHINT_KIND_UPTR && slot.owner == SCHEDHINT_OWNER_PROCESS;
  }
  // A broker carries pointers only: not a hint in the element itself, which would be a request for
  // each change, nor a place in a page.
  if (!channel->broker_socket_.empty() && spec.kind == SCHEDHINT_KIND_UPTR) {
    channel->broker_ =
        std::make_unique<BrokeredMap>(channel->broker_socket_, channel->paths_.front(),
                                      channel->value_size_, channel->slots_, pool, watcher);
  }
  return channel;
}

bool Channel::HasPath(const char* path) const {
  return std::find(paths_.begin(), paths_.end(), path) != paths_.end();
}

bool Channel::HasSlotsOf(const schedhint_channel_spec& spec) const {
  return kind_ == spec.kind && value_size_ == spec.value_size && count_slot_ == spec.count_slot &&
         count_offset_ == spec.count_offset &&
         std::equal(slots_.begin(), slots_.end(), spec.slots, spec.slots + spec.slot_count);
}

void Channel::Open(const IsUsed& is_used) {
  if (is_open()) return;
  // What changes meanwhile is looked at again.
  seen_ = Stamps();
  if (int error = undeleted_->ErrorOf(process_)) {
    not_open_ = Failed(SCHEDHINT_STEP_DELETE, error);
    return;
  }
  not_open_ = direct_.Open(
      paths_.front(), [this](int map_fd, MapInfo* info) { return Check(map_fd, info); }, is_used);
  if (broker_ == nullptr) return;
  if (direct_.is_open()) return broker_->Close();
  if (!MayBeBrokered(not_open_)) return;
  schedhint_status brokered = OpenThroughBroker();
  // Without a broker, the kernel's own answer says more.
  bool no_broker = brokered.step == SCHEDHINT_STEP_BROKER_CONNECT &&
                   (brokered.error == ENOENT || brokered.error == ENOTDIR);
  if (!no_broker) not_open_ = brokered;
}

schedhint_status Channel::Check(int map_fd, MapInfo* info) const {
  if (kind_ == SCHEDHINT_KIND_UPTR) return CheckMap(map_fd, value_size_, slots_, info);
  schedhint_status status = CheckMapType(map_fd, info);
  if (status.step != SCHEDHINT_STEP_NONE) return status;
  bool is_tld = kind_ == SCHEDHINT_KIND_TLD;
  bool fits = is_tld ? IsTldValueSize(info->value_size) : info->value_size == value_size_;
  if (!fits) return Failed(SCHEDHINT_STEP_VALUE_SIZE, 0, info->value_size);
  return is_tld ? CheckTldMap(map_fd, info) : status;
}

schedhint_status Channel::CheckTldMap(int map_fd, MapInfo* info) const {
  std::vector<uint32_t> sizes;
  schedhint_status status = CheckMap(map_fd, value_size_, slots_, info, &sizes);
  if (status.step != SCHEDHINT_STEP_NONE) return status;
  uint32_t found = sizes[kTldMetadataSlot];
  if (MayBeTldMetadata(found)) return status;
  return Failed(SCHEDHINT_STEP_SLOT_SIZE, 0, slots_[kTldMetadataSlot].offset, found);
}

schedhint_status Channel::OpenThroughBroker() {
  schedhint_status status = broker_->Open();
  status.via = SCHEDHINT_VIA_BROKER;
  return status;
}

bool Channel::NeedsBroker() const {
  return broker_ != nullptr && !direct_.is_open() &&
         (not_open_.via == SCHEDHINT_VIA_BROKER || MayBeBrokered(not_open_));
}

bool Channel::MayChange() const {
  if (is_open() || IsConnected() || std::any_of(paths_.begin(), paths_.end(), MayBePinned)) {
    return true;
  }
  if (!NeedsBroker()) return false;
  int error = PinStamp::Of(broker_socket_).error;
  return error != ENOENT && error != ENOTDIR;
}

std::vector<PinStamp> Channel::Stamps() const {
  std::vector<PinStamp> stamps;
  for (const std::string& path : paths_) stamps.push_back(PinStamp::Of(path));
  if (broker_ != nullptr) stamps.push_back(PinStamp::Of(broker_socket_));
  return stamps;
}

bool Channel::HasChanged() const {
  return Stamps() != seen_;
}

void Channel::LetGo() {
  // Before the pin is judged: what moves from here on has to be seen by the next look.
  seen_ = Stamps();
  if (!direct_.is_open() || direct_.IsPinnedAt(paths_)) return;
  for (schedhint_binding* binding : bindings) DeleteElement(binding);
  if (leader_ == Leader::kProcessAlone) DeleteLeadersElement();
  UnbindHelpers();
  direct_.Close();
  AllUnbound({});
}

bool Channel::Look(const IsUsed& is_used) {
  // A shortage of the broker's may be over, which only another request can find out.
  if (broker_ != nullptr && broker_->is_connected() && IsShortage(not_open_)) broker_->Close();
  Open(is_used);
  for (schedhint_binding* binding : bindings) binding->refused = false;
  for (Helper& helper : helpers_) helper.refused = false;
  BindLeader();
  return broker_ != nullptr && broker_->Settle();
}

bool Channel::IsShort() const {
  auto is_short = [](const Helper& helper) { return !helper.bound && IsShortage(helper.status); };
  return IsShortage(not_open_) || IsShortage(not_led_) ||
         std::any_of(helpers_.begin(), helpers_.end(), is_short) ||
         std::any_of(bindings.begin(), bindings.end(), [](const schedhint_binding* binding) {
           return !binding->bound && IsShortage(binding->status);
         });
}

bool Channel::Hear(const IsUsed& is_used) {
  if (broker_ == nullptr || !broker_->is_connected()) return false;
  bool was_open = broker_->is_open();
  bool lives = broker_->Hear([this](uint64_t request, schedhint_status status) {
    auto asked =
        std::find_if(bindings.begin(), bindings.end(),
                     [&](const schedhint_binding* binding) { return binding->request == request; });
    bool done = status.step == SCHEDHINT_STEP_NONE;
    if (request == leader_request_ && !done) leader_ = Leader::kNone;
    if (asked == bindings.end()) {
      HearOfHelper(request, status);
      return;
    }
    schedhint_binding* binding = *asked;
    binding->request = 0;
    status.via = SCHEDHINT_VIA_BROKER;
    status.tid = binding->status.tid;
    status.map_id = map_id();
    binding->status = status;
    if (done) {
      Bound(binding);
    } else {
      binding->refused = true;
      BindLeader();
    }
  });
  if (!lives) {
    not_open_ = broker_->WhyEnded();
    not_open_.via = SCHEDHINT_VIA_BROKER;
    AllUnbound(not_open_);
    // One that has no room for us is asked again in a second, as for any shortage.
    return not_open_.step != SCHEDHINT_STEP_BROKER_REFUSED;
  }
  if (!was_open && broker_->is_open() && is_used(broker_->id())) {
    broker_->Refuse(Failed(SCHEDHINT_STEP_OTHER_LAYOUT, 0));
  }
  if (!broker_->is_open()) not_open_ = OpenThroughBroker();
  return false;
}

void Channel::AllUnbound(schedhint_status why) {
  for (schedhint_binding* binding : bindings) {
    pid_t tid = binding->status.tid;
    binding->bound = false;
    binding->request = 0;
    binding->refused = false;
    binding->status = why;
    binding->status.tid = tid;
  }
  Count(-static_cast<int>(bound_));
  leader_ = Leader::kNone;
  leader_key_ = {};
  ForgetHelpers();
}

void Channel::Bind(schedhint_binding* binding) {
  pid_t tid = binding->status.tid;
  if (binding->bound || binding->request != 0 || binding->refused) return;
  if (is_open()) {
    binding->element.thread->ClearReaderParts(slots_);
    if (bound_ == 0) process_->ClearReaderParts(slots_);
  }
  if (!is_open()) {
    binding->status = not_open_;
  } else if (direct_.is_open()) {
    binding->status = BindDirectly(binding);
  } else {
    int error = broker_->Bind(tid, binding->element, &binding->request);
    binding->status =
        Failed(error != 0 ? SCHEDHINT_STEP_BROKER_MEMORY : SCHEDHINT_STEP_BROKER_ASKED, error);
    binding->status.via = SCHEDHINT_VIA_BROKER;
  }
  binding->status.map_id = map_id();
  binding->status.tid = tid;
  if (binding->status.step == SCHEDHINT_STEP_NONE) Bound(binding);
}

void Channel::Bound(schedhint_binding* binding) {
  binding->bound = true;
  Count(1);
  if (binding->status.tid == leader_tid_) {
    leader_ = Leader::kThread;
    leader_key_ = *binding->key;
  }
  BindLeader();
}

schedhint_status Channel::BindDirectly(schedhint_binding* binding) {
  HeldThreadKey& key = *binding->key;
  if (!key.holds_any()) key = HeldThreadKey(new ThreadKey(binding->status.tid));
  if (binding->hint == nullptr) return SetElement(key, binding->element);
  return binding->hint->Bind(direct_.descriptor(), key);
}

schedhint_status Channel::SetElement(const HeldThreadKey& thread, const Element& element) {
  // Otherwise a later attempt to delete it would delete the new one.
  if (int error = undeleted_->ErrorOf(direct_.id(), thread->tid())) {
    return Failed(SCHEDHINT_STEP_DELETE, error);
  }
  value_.assign(direct_.value_size(), 0);
  if (kind_ == SCHEDHINT_KIND_TLD) {
    if (!FillTldValue(element, &value_)) return Failed(SCHEDHINT_STEP_TLD_SHARED_PAGE, 0);
    // Code that has set one goes on using it, and BPF programs remember where its values are.
    schedhint_status status = direct_.Update(thread, value_, DirectMap::If::kNone);
    bool is_foreign = status.step == SCHEDHINT_STEP_UPDATE && status.error == EEXIST;
    return is_foreign ? Failed(SCHEDHINT_STEP_TLD_IN_USE, 0, SCHEDHINT_TLD_FOREIGN) : status;
  } else {
    for (size_t i = 0; i < slots_.size(); i++) {
      uint8_t* address = element.At(i).address;
      std::memcpy(value_.data() + slots_[i].offset, &address, sizeof(address));
    }
  }
  schedhint_status status = direct_.Update(thread, value_);
  bool done = status.step == SCHEDHINT_STEP_NONE;
  if (done && broker_ != nullptr) broker_->Replaced(thread->tid(), direct_.id());
  return status;
}

void Channel::DeleteElement(schedhint_binding* binding) {
  if (!binding->bound || !direct_.is_open()) return;
  if (binding->hint != nullptr) {
    binding->hint->Unbind();
  } else {
    direct_.Delete(*binding->key, binding->element);
  }
}

void Channel::DeleteLeadersElement() {
  direct_.Delete(leader_key_, {{}, process_});
}

void Channel::Unbind(schedhint_binding* binding) {
  pid_t tid = binding->status.tid;
  DeleteElement(binding);
  if (broker_ != nullptr) broker_->Unbind(tid);
  binding->request = 0;
  if (!binding->bound) return;
  binding->bound = false;
  Count(-1);
  if (tid == leader_tid_) leader_ = Leader::kNone;
  BindLeader();
  if (bound_ == 0 && leader_ == Leader::kProcessAlone) {
    if (direct_.is_open()) DeleteLeadersElement();
    if (broker_ != nullptr) broker_->Unbind(leader_tid_);
    leader_ = Leader::kNone;
  }
  if (bound_ > 0) return;
  leader_key_ = {};
  UnbindHelpers();
}

// Unless it has an element already, or is about to.
void Channel::BindLeader() {
  not_led_ = {};
  if (!has_process_slot_ || bound_ == 0 || leader_ != Leader::kNone) return;
  bool is_asked =
      std::any_of(bindings.begin(), bindings.end(), [this](const schedhint_binding* one) {
        return one->request != 0 && one->status.tid == leader_tid_;
      });
  if (is_asked) return;
  Element alone = {{}, process_};
  leader_request_ = 0;
  bool done = false;
  if (direct_.is_open()) {
    if (!leader_key_.holds_any()) leader_key_ = HeldThreadKey(new ThreadKey(leader_tid_));
    not_led_ = SetElement(leader_key_, alone);
    done = not_led_.step == SCHEDHINT_STEP_NONE;
  } else if (IsBrokered()) {
    done = broker_->Bind(leader_tid_, alone, &leader_request_) == 0;
  }
  if (done) leader_ = Leader::kProcessAlone;
}

void Channel::Count(int difference) {
  bound_ += static_cast<uint32_t>(difference);
  if (count_slot_ < 0) return;
  uint8_t* process = process_->At(static_cast<size_t>(count_slot_)).address;
  __atomic_store_n(reinterpret_cast<uint32_t*>(process + count_offset_), bound_, __ATOMIC_RELAXED);
}

std::unique_ptr<BrokeredMap> Channel::TakeUnsettled() {
  return broker_ != nullptr && broker_->HoldsBlocks() ? std::move(broker_) : nullptr;
}

void Channel::TakeOver(std::vector<std::unique_ptr<BrokeredMap>>* unsettled) {
  auto same = std::find_if(unsettled->begin(), unsettled->end(), [&](const auto& map) {
    return broker_ != nullptr && map->pool() == pool_ &&
           map->IsFor(broker_socket_, paths_.front(), value_size_, slots_);
  });
  if (same == unsettled->end()) return;
  broker_ = std::move(*same);
  unsettled->erase(same);
}

}  // namespace schedhint
