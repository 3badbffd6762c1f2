#pragma once
// A map, as this process uses it: its descriptor, the slots that we fill, the blocks that all
// threads share, and the elements that the kernel holds for us.

#include <sys/types.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "map_check.h"
#include "page_pool.h"
#include "registry_abi.h"

struct schedhint_binding;

namespace schedhint {

// The blocks that all threads of the process share in one map. Each binding keeps them, since a
// handle may look at them after the map's last thread has gone.
struct ProcessBlocks {
  explicit ProcessBlocks(PagePool* pool) : pool(pool) {}
  ~ProcessBlocks() {
    for (Block block : by_slot) pool->Return(block);
  }
  ProcessBlocks(const ProcessBlocks&) = delete;
  ProcessBlocks& operator=(const ProcessBlocks&) = delete;

  PagePool* pool;
  std::vector<Block> by_slot;  // null where a thread owns the slot
};

class Channel {
 public:
  // Null when no block can be had for the process.
  static std::unique_ptr<Channel> Create(const schedhint_channel_spec& spec, PagePool* pool,
                                         schedhint_status* status);
  ~Channel();
  Channel(const Channel&) = delete;
  Channel& operator=(const Channel&) = delete;

  bool HasPath(const char* path) const;
  // Another pin of the same map.
  void AddPath(const char* path) { paths_.push_back(path); }
  bool HasSlotsOf(const schedhint_channel_spec& spec) const;
  const std::vector<schedhint_slot>& slots() const { return slots_; }
  const std::shared_ptr<ProcessBlocks>& process() const { return process_; }

  // Opens the map and asks the kernel whether it wants what we would give it; nothing of ours is
  // handed over before. `is_used` tells whether another channel has the map of an id.
  bool Open(const std::function<bool(uint32_t map_id)>& is_used, schedhint_status* status);
  bool is_open() const { return map_fd_ >= 0; }
  uint32_t map_id() const { return map_id_; }
  const std::vector<std::string>& paths() const { return paths_; }

  // Whether the pin still leads to the map that is open; if not, it has been closed, so that the
  // kernel can free it. Elements in it have been deleted: its program must not write to blocks that
  // another's reads.
  bool StillOpen(const std::vector<pid_t>& bound_threads);

  // The thread's element: its own blocks, and the process's.
  schedhint_status Bind(pid_t tid, const std::vector<Block>& blocks);
  void Unbind(pid_t tid);
  uint32_t bound() const { return bound_; }

  std::vector<schedhint_binding*> bindings;  // bound or not

 private:
  // What the leader's element holds. A reader that finds none on a helper thread looks there for
  // the process's blocks, so it exists as long as any thread is bound.
  enum class Leader { kNone, kProcessAlone, kThread };

  explicit Channel(const schedhint_channel_spec& spec);
  schedhint_status Check(int map_fd, const std::function<bool(uint32_t)>& is_used);
  int Update(pid_t tid, const std::vector<Block>* blocks, schedhint_step* step);
  void Delete(pid_t tid);
  bool PinLeadsHere() const;
  void Close();
  void BindLeader();
  void Count(int difference);

  std::vector<std::string> paths_;
  uint32_t value_size_;
  std::vector<schedhint_slot> slots_;
  int32_t count_slot_;
  uint32_t count_offset_;
  std::shared_ptr<ProcessBlocks> process_;
  bool has_process_slot_ = false;
  int map_fd_ = -1;
  uint32_t map_id_ = 0;
  uint32_t map_value_size_ = 0;
  uint64_t pin_inode_ = 0;
  uint32_t bound_ = 0;
  Leader leader_ = Leader::kNone;
};

}  // namespace schedhint
