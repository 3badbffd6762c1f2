#pragma once
// Who is bound to what: the JavaScript threads of this process, the maps they are bound to, and the
// blocks that the kernel has pinned for them. The key of a binding is (thread, map).
//
// One lock guards all of it. Nothing under the lock calls into V8 or Node.js, so a collection can't
// wait for it; the GC hook itself takes no lock, since it runs on the thread that owns it.

#include <sys/types.h>

#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>
#include <vector>

#include "gc_hook.h"
#include "page_pool.h"
#include "registry_abi.h"

namespace schedhint {

struct Thread;
struct Channel;

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

}  // namespace schedhint

struct schedhint_binding {
  schedhint::Channel* channel;
  schedhint::Thread* thread;             // null once the thread has ended
  std::vector<schedhint::Block> blocks;  // by slot; null where the process owns it
  std::shared_ptr<schedhint::ProcessBlocks> process;
  size_t channel_index;  // its place in channel->bindings
  uint32_t handles = 0;
  bool bound = false;
  schedhint_status status = {};
};

namespace schedhint {

struct Thread {
  uint64_t id;    // Node.js's threadId, unique in the process and never used again
  pid_t tid = 0;  // 0: another thread has asked for it, it has not attached itself
  std::vector<schedhint_binding*> bindings;
  GcHook gc;

  Thread(uint64_t node_id, int64_t time_offset) : id(node_id), gc(time_offset) {}
};

// A map, as this process uses it.
struct Channel {
  std::vector<std::string> paths;  // several pins may name one map
  uint32_t value_size = 0;
  std::vector<schedhint_slot> slots;
  int32_t count_slot = -1;
  uint32_t count_offset = 0;
  int map_fd = -1;
  uint32_t map_id = 0;
  uint32_t map_value_size = 0;
  std::shared_ptr<ProcessBlocks> process;
  bool has_process_block = false;
  bool leader_bound = false;  // with the process's blocks alone
  std::vector<schedhint_binding*> bindings;
  uint32_t bound = 0;  // of them
};

class Registry {
 public:
  Registry();

  schedhint_binding* Attach(const schedhint_channel_spec& spec, uint64_t thread_id, bool own_thread,
                            schedhint_status* status);
  void Release(schedhint_binding* binding);
  schedhint_status Status(schedhint_binding* binding);
  uint8_t* BlockOf(schedhint_binding* binding, uint32_t slot, uint32_t* size);
  bool StartGc(schedhint_binding* binding, const schedhint_gc_layout& layout);
  void StopGc(schedhint_binding* binding);
  void ThreadEnds();
  schedhint_counts Counts();
  int64_t time_namespace_offset() const { return time_offset_; }

 private:
  Thread* CurrentThread(uint64_t id);
  Thread* OtherThread(uint64_t id);
  Channel* FindChannel(const schedhint_channel_spec& spec, schedhint_status* status);
  Channel* ChannelOfMap(uint32_t map_id);
  bool OpenMap(Channel* channel, schedhint_status* status);
  schedhint_binding* FindBinding(Channel* channel, Thread* thread, schedhint_status* status);
  void Bind(schedhint_binding* binding);
  void Unbind(schedhint_binding* binding);
  // The leader's element points to the process's block for as long as any thread is bound: a reader
  // that finds none on a helper thread looks there.
  void BindLeader(Channel* channel);
  void UnbindLeader(Channel* channel);
  void CountBound(Channel* channel, int difference);
  int Update(Channel* channel, pid_t tid, const schedhint_binding* binding, schedhint_step* step);
  void End(schedhint_binding* binding);
  void Free(schedhint_binding* binding);
  void FreeIfUnused(Channel* channel);
  void FreeIfUnused(Thread* thread);

  std::mutex mutex_;
  PagePool pool_;
  std::unordered_map<uint64_t, std::unique_ptr<Thread>> threads_;
  std::vector<std::unique_ptr<Channel>> channels_;
  uint32_t bindings_ = 0;
  int64_t time_offset_;
};

}  // namespace schedhint
