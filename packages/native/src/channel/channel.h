#pragma once
// Opens one map, directly or through the broker, and binds threads to it. Holds the slots that we
// fill, the blocks that all threads share, and the elements that the kernel holds for us.

#include <sys/types.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "channel/binding.h"
#include "channel/brokered_map.h"
#include "channel/channel_spec.h"
#include "channel/direct_map.h"
#include "channel/helper_thread.h"
#include "channel/undeleted_elements.h"
#include "kernel/status.h"
#include "watcher/pin_stamp.h"

namespace schedhint {

class Channel {
 public:
  // Null when no block is available for the process.
  // `metadata`: of task local data.
  static std::unique_ptr<Channel> Create(const schedhint_channel_spec& spec, PagePool* pool,
                                         const Block& metadata, MapWatcher* watcher,
                                         UndeletedElements* undeleted, schedhint_status* status);
  Channel(const Channel&) = delete;
  Channel& operator=(const Channel&) = delete;

  bool HasPath(const char* path) const;
  // Another pin of the same map.
  void AddPath(const char* path) { paths_.push_back(path); }
  bool HasSlotsOf(const schedhint_channel_spec& spec) const;
  schedhint_kind kind() const { return kind_; }
  int32_t normal_hint() const { return normal_hint_; }
  const std::vector<schedhint_slot>& slots() const { return slots_; }
  const HeldBlockSet& process() const { return process_; }
  // Of the threads' blocks, and of the process's but for task local data.
  PagePool* pool() const { return pool_; }

  // Whether another channel has the map of an id.
  using IsUsed = std::function<bool(uint32_t map_id)>;

  // Opens the map, or has the broker open it, unless that has been done.
  void Open(const IsUsed& is_used);
  // Of the map that this process has opened itself; 0: it has not.
  uint32_t map_value_size() const { return direct_.is_open() ? direct_.value_size() : 0; }
  bool is_open() const { return direct_.is_open() || IsBrokered(); }
  uint32_t map_id() const { return direct_.is_open() ? direct_.id() : broker_ ? broker_->id() : 0; }
  // The pin that was named first.
  const std::string& path() const { return paths_.front(); }
  // Whether something may happen to it that a look would tell: it is open, a map may come to its
  // pins, or its broker is there.
  bool MayChange() const;
  // Whether Look() may find something else than the last time, as far as the pins and the
  // broker's socket tell.
  bool HasChanged() const;
  bool IsConnected() const { return broker_ != nullptr && broker_->is_connected(); }

  // Closes a map that the pin does not lead to any more, so that the kernel can free it and another
  // channel can open it. Its program must not write to blocks that another's reads, so the elements
  // in it are deleted, and while one of them remains no other map is opened.
  void LetGo();
  // After LetGo(): opens the map that the pin leads to. Whether to look again in a second.
  bool Look(const IsUsed& is_used);
  // Takes in what the broker has said. Whether to look.
  bool Hear(const IsUsed& is_used);

  // Tries to give the binding's thread its element, if the map is open; the status says how far it
  // came.
  void Bind(schedhint_binding* binding);
  void Unbind(schedhint_binding* binding);
  uint32_t bound() const { return bound_; }

  // From now on BindHelpers() does something.
  void WantHelpers(const schedhint_helpers_layout& layout);
  bool WantsHelpers() const { return helpers_layout_.bound_flag != 0 && is_open() && bound_ > 0; }
  // Gives those an element that have none, as long as any thread is bound. One that the list does
  // not name any more has ended.
  void BindHelpers(const std::vector<HelperThread>& known);
  // Whether we wait for something that raises no event and must be polled.
  bool IsShort() const;
  // What has to be waited for after the channel; null: nothing.
  std::unique_ptr<BrokeredMap> TakeUnsettled();
  // What such a one has left: a channel for the same map goes on with its connection, if its
  // blocks are of the same pool.
  void TakeOver(std::vector<std::unique_ptr<BrokeredMap>>* unsettled);

  std::vector<schedhint_binding*> bindings;  // bound or not

 private:
  // What the leader's element holds. A reader that finds none on a helper thread looks there for
  // the process's blocks, so it exists as long as any thread is bound.
  enum class Leader { kNone, kProcessAlone, kThread };

  Channel(const schedhint_channel_spec& spec, PagePool* pool, UndeletedElements* undeleted);
  bool NeedsBroker() const;
  std::vector<PinStamp> Stamps() const;
  bool IsBrokered() const { return broker_ != nullptr && broker_->is_open(); }
  schedhint_status Check(int map_fd, MapInfo* info) const;
  schedhint_status CheckTldMap(int map_fd, MapInfo* info) const;
  schedhint_status OpenThroughBroker();
  schedhint_status BindDirectly(schedhint_binding* binding);
  schedhint_status SetElement(const HeldThreadKey& thread, const Element& element);
  void DeleteElement(schedhint_binding* binding);
  void DeleteLeadersElement();
  void AllUnbound(schedhint_status why);
  void Bound(schedhint_binding* binding);
  void BindLeader();
  void Count(int difference);

  // A helper thread's element, as far as it has come.
  struct Helper {
    HelperThread thread;
    bool bound = false;
    uint64_t request = 0;  // to the broker, not answered yet; 0: none
    bool refused = false;  // by the broker; not to be asked again before the next look
    schedhint_status status = {};
  };

  // channel_helpers.cc
  void BindHelper(Helper* helper);
  void UnbindHelpers();
  void DeleteHelper(const Helper& helper);
  void ForgetHelpers();
  bool HearOfHelper(uint64_t request, const schedhint_status& status);
  Element ElementOf(const HelperThread& thread) const;
  bool TakePoolBlock();
  bool IsOwnJsThread(pid_t tid) const;
  void TellOfHelpers();

  std::vector<std::string> paths_;
  std::string broker_socket_;
  PagePool* pool_;
  uint32_t value_size_;
  std::vector<schedhint_slot> slots_;
  int32_t count_slot_;
  uint32_t count_offset_;
  schedhint_kind kind_;
  int32_t normal_hint_;
  pid_t leader_tid_;
  bool has_process_slot_ = false;
  HeldBlockSet process_;
  UndeletedElements* undeleted_;
  DirectMap direct_;
  std::vector<uint8_t> value_;           // of the element that is being set
  std::unique_ptr<BrokeredMap> broker_;  // null without a broker to ask
  schedhint_status not_open_ = {};       // why
  std::vector<PinStamp> seen_;           // when it was last looked at
  uint32_t bound_ = 0;
  Leader leader_ = Leader::kNone;
  HeldThreadKey leader_key_;       // none: it was not needed since the last thread was unbound
  schedhint_status not_led_ = {};  // why it has no element, as far as it should
  uint64_t leader_request_ = 0;    // to the broker, for the process's blocks alone
  schedhint_helpers_layout helpers_layout_ = {};
  std::vector<Helper> helpers_;
  HeldBlockSet pool_block_;  // what the elements of pool threads lead to; none: there are none
};

}  // namespace schedhint
