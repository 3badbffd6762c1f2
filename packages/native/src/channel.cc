#include "channel.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>

#include "bpf_syscall.h"
#include "map_check.h"

namespace schedhint {

Channel::Channel(const schedhint_channel_spec& spec)
    : paths_{spec.path},
      value_size_(spec.value_size),
      slots_(spec.slots, spec.slots + spec.slot_count),
      count_slot_(spec.count_slot),
      count_offset_(spec.count_offset) {}

Channel::~Channel() {
  if (map_fd_ >= 0) CloseDescriptor(map_fd_);
}

std::unique_ptr<Channel> Channel::Create(const schedhint_channel_spec& spec, PagePool* pool,
                                         schedhint_status* status) {
  std::unique_ptr<Channel> channel(new Channel(spec));
  channel->process_ = std::make_shared<ProcessBlocks>(pool);
  for (const schedhint_slot& slot : channel->slots_) {
    Block block;
    if (slot.owner == SCHEDHINT_OWNER_PROCESS) {
      block = pool->Take(slot.size);
      if (block.address == nullptr) {
        *status = Failed(SCHEDHINT_STEP_MEMORY, errno);
        return nullptr;
      }
      channel->has_process_slot_ = true;
    }
    channel->process_->by_slot.push_back(block);
  }
  return channel;
}

bool Channel::HasPath(const char* path) const {
  return std::find(paths_.begin(), paths_.end(), path) != paths_.end();
}

bool Channel::HasSlotsOf(const schedhint_channel_spec& spec) const {
  return value_size_ == spec.value_size && count_slot_ == spec.count_slot &&
         count_offset_ == spec.count_offset && slots_.size() == spec.slot_count &&
         std::equal(slots_.begin(), slots_.end(), spec.slots,
                    [](const schedhint_slot& a, const schedhint_slot& b) {
                      return a.offset == b.offset && a.size == b.size && a.owner == b.owner;
                    });
}

bool Channel::Open(const std::function<bool(uint32_t)>& is_used, schedhint_status* status) {
  if (is_open()) return true;
  int map_fd = OpenPinnedMap(paths_.front().c_str());
  if (map_fd < 0) {
    *status = Failed(SCHEDHINT_STEP_OPEN_MAP, map_fd);
    return false;
  }
  *status = Check(map_fd, is_used);
  if (status->step != SCHEDHINT_STEP_NONE) {
    CloseDescriptor(map_fd);
    return false;
  }
  map_fd_ = map_fd;
  struct stat pin;
  pin_inode_ = stat(paths_.front().c_str(), &pin) == 0 ? pin.st_ino : 0;
  return true;
}

schedhint_status Channel::Check(int map_fd, const std::function<bool(uint32_t)>& is_used) {
  MapInfo info;
  schedhint_status status = CheckMap(map_fd, value_size_, slots_, &info);
  if (status.step != SCHEDHINT_STEP_NONE) return status;
  if (is_used(info.id)) return Failed(SCHEDHINT_STEP_OTHER_LAYOUT, 0);
  map_id_ = info.id;
  map_value_size_ = info.value_size;
  return {};
}

bool Channel::StillOpen(const std::vector<pid_t>& bound_threads) {
  if (PinLeadsHere()) return true;
  for (pid_t tid : bound_threads) Delete(tid);
  if (leader_ == Leader::kProcessAlone) Delete(getpid());
  Count(-static_cast<int>(bound_));
  leader_ = Leader::kNone;
  Close();
  return false;
}

bool Channel::PinLeadsHere() const {
  for (const std::string& path : paths_) {
    int map_fd = OpenPinnedMap(path.c_str());
    if (map_fd >= 0) {
      MapInfo info;
      bool same = ReadMapInfo(map_fd, &info) != 0 || info.id == map_id_;
      CloseDescriptor(map_fd);
      if (same) return true;
    } else if (map_fd != -ENOENT && map_fd != -ENOTDIR) {
      // It can't be opened any more, or not now (no descriptor, no memory). What we have open goes
      // on working as long as the same pin is there.
      struct stat pin;
      if (stat(path.c_str(), &pin) != 0 ? errno != ENOENT : pin.st_ino == pin_inode_) return true;
    }
  }
  return false;
}

void Channel::Close() {
  CloseDescriptor(map_fd_);
  map_fd_ = -1;
  map_id_ = 0;
}

schedhint_status Channel::Bind(pid_t tid, const std::vector<Block>& blocks) {
  schedhint_step step = SCHEDHINT_STEP_NONE;
  int error = Update(tid, &blocks, &step);
  if (step != SCHEDHINT_STEP_NONE) return Failed(step, error);
  Count(1);
  if (tid == getpid()) {
    leader_ = Leader::kThread;
  } else if (leader_ == Leader::kNone) {
    BindLeader();
  }
  return {};
}

void Channel::Unbind(pid_t tid) {
  Delete(tid);
  Count(-1);
  if (tid == getpid()) leader_ = Leader::kNone;
  if (bound_ > 0 && leader_ == Leader::kNone) BindLeader();
  if (bound_ == 0 && leader_ == Leader::kProcessAlone) {
    Delete(getpid());
    leader_ = Leader::kNone;
  }
}

void Channel::BindLeader() {
  if (!has_process_slot_) return;
  schedhint_step step = SCHEDHINT_STEP_NONE;
  Update(getpid(), nullptr, &step);
  if (step == SCHEDHINT_STEP_NONE) leader_ = Leader::kProcessAlone;
}

void Channel::Count(int difference) {
  bound_ += static_cast<uint32_t>(difference);
  if (count_slot_ < 0) return;
  uint8_t* process = process_->by_slot[static_cast<size_t>(count_slot_)].address;
  __atomic_store_n(reinterpret_cast<uint32_t*>(process + count_offset_), bound_, __ATOMIC_RELAXED);
}

// An update replaces the value whole. Without a thread's blocks: the process's alone.
int Channel::Update(pid_t tid, const std::vector<Block>* blocks, schedhint_step* step) {
  int key = OpenThread(tid);
  if (key < 0) {
    *step = SCHEDHINT_STEP_OPEN_THREAD;
    return key;
  }
  std::vector<uint8_t> value(map_value_size_);
  for (size_t i = 0; i < slots_.size(); i++) {
    uint8_t* address = process_->by_slot[i].address;
    if (address == nullptr && blocks != nullptr) address = (*blocks)[i].address;
    std::memcpy(value.data() + slots_[i].offset, &address, sizeof(address));
  }
  int error = UpdateElement(map_fd_, key, value.data());
  CloseDescriptor(key);
  if (error < 0) *step = SCHEDHINT_STEP_UPDATE;
  return error;
}

void Channel::Delete(pid_t tid) {
  int key = OpenThread(tid);
  if (key < 0) return;
  DeleteElement(map_fd_, key);  // ENOENT: a reader has dropped it already
  CloseDescriptor(key);
}

}  // namespace schedhint
