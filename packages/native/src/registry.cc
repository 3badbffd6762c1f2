#include "registry.h"

#include <errno.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>

#include "bpf_syscall.h"
#include "map_probe.h"
#include "monotonic_clock.h"

namespace schedhint {
namespace {

constexpr uint32_t kKeySize = 4;  // a pidfd

thread_local Thread* current_thread = nullptr;

schedhint_status Failed(schedhint_step step, int error, uint32_t detail = 0, uint32_t found = 0) {
  return {step, error < 0 ? -error : error, 0, detail, found, 0};
}

bool SameSlots(const Channel& channel, const schedhint_channel_spec& spec) {
  return channel.value_size == spec.value_size && channel.count_slot == spec.count_slot &&
         channel.count_offset == spec.count_offset && channel.slots.size() == spec.slot_count &&
         std::equal(channel.slots.begin(), channel.slots.end(), spec.slots,
                    [](const schedhint_slot& a, const schedhint_slot& b) {
                      return a.offset == b.offset && a.size == b.size && a.owner == b.owner;
                    });
}

}  // namespace

Registry::Registry() : time_offset_(TimeNamespaceOffset()) {}

schedhint_binding* Registry::Attach(const schedhint_channel_spec& spec, uint64_t thread_id,
                                    bool own_thread, schedhint_status* status) {
  std::lock_guard<std::mutex> lock(mutex_);
  Thread* thread = own_thread ? CurrentThread(thread_id) : OtherThread(thread_id);
  Channel* channel = FindChannel(spec, status);
  schedhint_binding* binding = channel == nullptr ? nullptr : FindBinding(channel, thread, status);
  if (binding == nullptr) {
    if (channel != nullptr) FreeIfUnused(channel);
    FreeIfUnused(thread);
    return nullptr;
  }
  binding->handles++;
  if (!binding->bound) Bind(binding);
  *status = binding->status;
  return binding;
}

Thread* Registry::CurrentThread(uint64_t id) {
  if (current_thread == nullptr) {
    current_thread = OtherThread(id);
    current_thread->tid = static_cast<pid_t>(syscall(SYS_gettid));
    // Bindings that another thread has made for this one could not be bound without its tid.
    for (schedhint_binding* binding : current_thread->bindings) Bind(binding);
  }
  return current_thread;
}

Thread* Registry::OtherThread(uint64_t id) {
  std::unique_ptr<Thread>& thread = threads_[id];
  if (thread == nullptr) thread = std::make_unique<Thread>(id, time_offset_);
  return thread.get();
}

Channel* Registry::FindChannel(const schedhint_channel_spec& spec, schedhint_status* status) {
  for (auto& channel : channels_) {
    if (std::find(channel->paths.begin(), channel->paths.end(), spec.path) ==
        channel->paths.end()) {
      continue;
    }
    if (SameSlots(*channel, spec)) return channel.get();
    *status = Failed(SCHEDHINT_STEP_OTHER_LAYOUT, 0);
    return nullptr;
  }
  auto channel = std::make_unique<Channel>();
  channel->paths.push_back(spec.path);
  channel->value_size = spec.value_size;
  channel->slots.assign(spec.slots, spec.slots + spec.slot_count);
  channel->count_slot = spec.count_slot;
  channel->count_offset = spec.count_offset;
  int map_fd = OpenPinnedMap(spec.path);
  MapInfo info;
  if (map_fd >= 0 && ReadMapInfo(map_fd, &info) == 0) {
    if (Channel* same_map = ChannelOfMap(info.id)) {
      CloseDescriptor(map_fd);
      if (SameSlots(*same_map, spec)) {
        same_map->paths.push_back(spec.path);
        return same_map;
      }
      *status = Failed(SCHEDHINT_STEP_OTHER_LAYOUT, 0);
      return nullptr;
    }
  }
  if (map_fd >= 0) CloseDescriptor(map_fd);
  channel->process = std::make_shared<ProcessBlocks>(&pool_);
  for (const schedhint_slot& slot : channel->slots) {
    Block block;
    if (slot.owner == SCHEDHINT_OWNER_PROCESS) {
      block = pool_.Take(slot.size);
      if (block.address == nullptr) {
        *status = Failed(SCHEDHINT_STEP_MEMORY, errno);
        return nullptr;
      }
      channel->has_process_block = true;
    }
    channel->process->by_slot.push_back(block);
  }
  channels_.push_back(std::move(channel));
  return channels_.back().get();
}

Channel* Registry::ChannelOfMap(uint32_t map_id) {
  for (auto& channel : channels_) {
    if (channel->map_fd >= 0 && channel->map_id == map_id) return channel.get();
  }
  return nullptr;
}

// Nothing of ours is handed over before the map has been found to want it.
bool Registry::OpenMap(Channel* channel, schedhint_status* status) {
  if (channel->map_fd >= 0) return true;
  int map_fd = OpenPinnedMap(channel->paths.front().c_str());
  if (map_fd < 0) {
    *status = Failed(SCHEDHINT_STEP_OPEN_MAP, map_fd);
    return false;
  }
  *status = [&]() -> schedhint_status {
    MapInfo info;
    if (int error = ReadMapInfo(map_fd, &info)) return Failed(SCHEDHINT_STEP_MAP_INFO, error);
    if (info.type != kMapTypeTaskStorage || info.key_size != kKeySize) {
      return Failed(SCHEDHINT_STEP_MAP_TYPE, 0, info.type);
    }
    if (info.value_size < channel->value_size) {
      return Failed(SCHEDHINT_STEP_VALUE_SIZE, 0, info.value_size);
    }
    if (ChannelOfMap(info.id) != nullptr) return Failed(SCHEDHINT_STEP_OTHER_LAYOUT, 0);
    for (const schedhint_slot& slot : channel->slots) {
      SlotProbe probe = ProbeSlot(map_fd, info.value_size, slot.offset);
      if (probe.error != 0) return Failed(SCHEDHINT_STEP_PROBE, probe.error, slot.offset);
      if (!probe.is_uptr) return Failed(SCHEDHINT_STEP_SLOT_PLAIN, 0, slot.offset);
      // A struct that ends beyond our block would let the program write into a neighbour's.
      if (probe.struct_size > PagePool::BlockSize(slot.size)) {
        return Failed(SCHEDHINT_STEP_SLOT_SIZE, 0, slot.offset, probe.struct_size);
      }
    }
    channel->map_fd = map_fd;
    channel->map_id = info.id;
    channel->map_value_size = info.value_size;
    return {};
  }();
  if (channel->map_fd < 0) CloseDescriptor(map_fd);
  return channel->map_fd >= 0;
}

schedhint_binding* Registry::FindBinding(Channel* channel, Thread* thread,
                                         schedhint_status* status) {
  for (schedhint_binding* binding : thread->bindings) {
    if (binding->channel == channel) return binding;
  }
  auto binding = std::make_unique<schedhint_binding>();
  binding->channel = channel;
  binding->thread = thread;
  binding->process = channel->process;
  for (const schedhint_slot& slot : channel->slots) {
    Block block;
    if (slot.owner == SCHEDHINT_OWNER_THREAD) {
      block = pool_.Take(slot.size);
      if (block.address == nullptr) {
        *status = Failed(SCHEDHINT_STEP_MEMORY, errno);
        for (Block taken : binding->blocks) pool_.Return(taken);
        return nullptr;
      }
    }
    binding->blocks.push_back(block);
  }
  binding->channel_index = channel->bindings.size();
  channel->bindings.push_back(binding.get());
  thread->bindings.push_back(binding.get());
  bindings_++;
  return binding.release();
}

void Registry::Bind(schedhint_binding* binding) {
  Channel* channel = binding->channel;
  Thread* thread = binding->thread;
  if (binding->bound || thread == nullptr) return;
  if (thread->tid == 0) {
    binding->status = Failed(SCHEDHINT_STEP_THREAD_NOT_SEEN, 0);
    return;
  }
  if (OpenMap(channel, &binding->status)) {
    schedhint_step step = SCHEDHINT_STEP_NONE;
    int error = Update(channel, thread->tid, binding, &step);
    binding->status = Failed(step, error);
    if (step == SCHEDHINT_STEP_NONE) {
      binding->bound = true;
      CountBound(channel, 1);
      if (thread->tid == getpid()) {
        channel->leader_bound = false;  // the update has replaced it
      } else {
        BindLeader(channel);
      }
    }
  }
  binding->status.map_id = channel->map_id;
  binding->status.tid = thread->tid;
}

void Registry::Unbind(schedhint_binding* binding) {
  if (!binding->bound) return;
  Channel* channel = binding->channel;
  binding->bound = false;
  CountBound(channel, -1);
  int key = OpenThread(binding->thread->tid);
  if (key >= 0) {
    DeleteElement(channel->map_fd, key);  // ENOENT: a reader has dropped it already
    CloseDescriptor(key);
  }
  if (channel->bound == 0) {
    UnbindLeader(channel);
  } else if (binding->thread->tid == getpid()) {
    BindLeader(channel);
  }
}

void Registry::BindLeader(Channel* channel) {
  if (!channel->has_process_block || channel->leader_bound) return;
  for (schedhint_binding* binding : channel->bindings) {
    if (binding->bound && binding->thread->tid == getpid()) return;
  }
  schedhint_step step = SCHEDHINT_STEP_NONE;
  Update(channel, getpid(), nullptr, &step);
  channel->leader_bound = step == SCHEDHINT_STEP_NONE;
}

void Registry::UnbindLeader(Channel* channel) {
  if (!channel->leader_bound) return;
  channel->leader_bound = false;
  int key = OpenThread(getpid());
  if (key < 0) return;
  DeleteElement(channel->map_fd, key);
  CloseDescriptor(key);
}

void Registry::CountBound(Channel* channel, int difference) {
  channel->bound += static_cast<uint32_t>(difference);
  if (channel->count_slot < 0) return;
  uint8_t* process = channel->process->by_slot[static_cast<size_t>(channel->count_slot)].address;
  __atomic_store_n(reinterpret_cast<uint32_t*>(process + channel->count_offset), channel->bound,
                   __ATOMIC_RELAXED);
}

// Without a binding: the process's blocks alone.
int Registry::Update(Channel* channel, pid_t tid, const schedhint_binding* binding,
                     schedhint_step* step) {
  int key = OpenThread(tid);
  if (key < 0) {
    *step = SCHEDHINT_STEP_OPEN_THREAD;
    return key;
  }
  std::vector<uint8_t> value(channel->map_value_size);
  for (size_t i = 0; i < channel->slots.size(); i++) {
    uint8_t* address = channel->process->by_slot[i].address;
    if (address == nullptr && binding != nullptr) address = binding->blocks[i].address;
    std::memcpy(value.data() + channel->slots[i].offset, &address, sizeof(address));
  }
  int error = UpdateElement(channel->map_fd, key, value.data());
  CloseDescriptor(key);
  if (error < 0) *step = SCHEDHINT_STEP_UPDATE;
  return error;
}

void Registry::Release(schedhint_binding* binding) {
  std::lock_guard<std::mutex> lock(mutex_);
  if (--binding->handles == 0) Free(binding);
}

// The thread can no longer be reached through it; handles may still look at the blocks.
void Registry::End(schedhint_binding* binding) {
  Unbind(binding);
  Channel* channel = binding->channel;
  schedhint_binding* last = channel->bindings.back();
  channel->bindings[binding->channel_index] = last;
  last->channel_index = binding->channel_index;
  channel->bindings.pop_back();
  std::vector<schedhint_binding*>& mine = binding->thread->bindings;
  mine.erase(std::find(mine.begin(), mine.end(), binding));
  binding->thread = nullptr;
  binding->channel = nullptr;
  binding->status = Failed(SCHEDHINT_STEP_THREAD_ENDED, 0);
  FreeIfUnused(channel);
}

void Registry::Free(schedhint_binding* binding) {
  if (Thread* thread = binding->thread) {
    if (thread == current_thread) thread->gc.Forget(binding);
    End(binding);
    FreeIfUnused(thread);
  }
  for (Block block : binding->blocks) pool_.Return(block);
  bindings_--;
  delete binding;
}

void Registry::FreeIfUnused(Channel* channel) {
  if (!channel->bindings.empty()) return;
  if (channel->map_fd >= 0) CloseDescriptor(channel->map_fd);
  channels_.erase(std::find_if(channels_.begin(), channels_.end(),
                               [&](auto& owned) { return owned.get() == channel; }));
}

void Registry::FreeIfUnused(Thread* thread) {
  if (!thread->bindings.empty()) return;
  // Its own thread still points to it, and drops it when it ends.
  if (thread->tid != 0 && thread != current_thread) return;
  if (thread == current_thread) current_thread = nullptr;
  threads_.erase(thread->id);
}

schedhint_status Registry::Status(schedhint_binding* binding) {
  std::lock_guard<std::mutex> lock(mutex_);
  return binding->status;
}

uint8_t* Registry::BlockOf(schedhint_binding* binding, uint32_t slot, uint32_t* size) {
  std::lock_guard<std::mutex> lock(mutex_);
  if (binding->channel == nullptr || slot >= binding->blocks.size()) return nullptr;
  *size = binding->channel->slots[slot].size;
  uint8_t* of_process = binding->process->by_slot[slot].address;
  return of_process != nullptr ? of_process : binding->blocks[slot].address;
}

bool Registry::StartGc(schedhint_binding* binding, const schedhint_gc_layout& layout) {
  GcHook* hook;
  uint8_t* thread_block;
  uint8_t* process_block;
  {
    std::lock_guard<std::mutex> lock(mutex_);
    if (binding->thread == nullptr || binding->thread != current_thread) return false;
    hook = &binding->thread->gc;
    thread_block = binding->blocks[layout.thread_slot].address;
    process_block =
        layout.process_slot < 0
            ? nullptr
            : binding->process->by_slot[static_cast<size_t>(layout.process_slot)].address;
  }
  return hook->Start(binding, thread_block, process_block, layout);
}

void Registry::StopGc(schedhint_binding* binding) {
  if (current_thread != nullptr) current_thread->gc.Stop(binding);
}

void Registry::ThreadEnds() {
  Thread* thread = current_thread;
  if (thread == nullptr) return;
  // First of all: V8 collects once more while it tears the isolate down.
  thread->gc.Uninstall();
  std::lock_guard<std::mutex> lock(mutex_);
  while (!thread->bindings.empty()) {
    schedhint_binding* binding = thread->bindings.back();
    thread->gc.Forget(binding);
    End(binding);
  }
  FreeIfUnused(thread);
}

schedhint_counts Registry::Counts() {
  std::lock_guard<std::mutex> lock(mutex_);
  schedhint_counts counts = {};
  counts.threads = static_cast<uint32_t>(threads_.size());
  counts.bindings = bindings_;
  for (auto& channel : channels_) {
    counts.bound += channel->bound;
    if (channel->map_fd >= 0) counts.maps_open++;
  }
  PoolCounts pool = pool_.Counts();
  counts.pages = pool.pages;
  counts.blocks_used = pool.used;
  counts.blocks_quarantined = pool.quarantined;
  counts.blocks_free = pool.free;
  return counts;
}

}  // namespace schedhint
