#include "registry/registry.h"

#include <errno.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include "kernel/bpf_syscall.h"
#include "kernel/monotonic_clock.h"

namespace schedhint {
Registry::Registry()
    : time_offset_(TimeNamespaceOffset()),
      watcher_([this] { return LookAtMaps(); }, [this] { return HearBrokers(); },
               [this] { return DoChores(); }),
      key_error_(pthread_key_create(&current_thread_, nullptr)) {}

schedhint_binding* Registry::Attach(const schedhint_channel_spec& spec, uint64_t thread_id,
                                    bool own_thread, schedhint_status* status) {
  if (key_error_ != 0) {
    *status = Failed(SCHEDHINT_STEP_THREAD_KEY, key_error_);
    return nullptr;
  }
  std::lock_guard<std::mutex> lock(mutex_);
  Thread* thread =
      own_thread ? CurrentThread(thread_id) : threads_.FindOrAdd(thread_id, time_offset_);
  Channel* channel = FindChannel(spec, status);
  bool is_new = channel != nullptr && channel->bindings.empty();
  bool was_open = channel != nullptr && channel->is_open();
  // The map says whether threads share pages.
  if (channel != nullptr && spec.kind == SCHEDHINT_KIND_TLD) channel->Open(IsUsedBeside(channel));
  schedhint_binding* binding = channel == nullptr ? nullptr : FindBinding(channel, thread, status);
  if (binding == nullptr) {
    if (channel != nullptr) FreeIfUnused(channel);
    FreeIfUnused(thread);
    return nullptr;
  }
  binding->handles++;
  if (!binding->bound) {
    channel->Open(IsUsedBeside(channel));
    Bind(binding);
    // What there is to watch changes with the channel, not with a thread.
    if (is_new || channel->is_open() != was_open) Watch();
    binding->told = binding->status;
  }
  *status = binding->status;
  return binding;
}

Thread* Registry::CurrentThread(uint64_t id) {
  Thread* thread = Current();
  if (thread != nullptr) return thread;
  thread = threads_.FindOrAdd(id, time_offset_);
  SetCurrent(thread);
  thread->tid = static_cast<pid_t>(syscall(SYS_gettid));
  // Bindings that another thread has made for this one could not be bound without its tid.
  for (schedhint_binding* one = thread->bindings; one != nullptr; one = one->next) Bind(one);
  return thread;
}

Channel* Registry::FindChannel(const schedhint_channel_spec& spec, schedhint_status* status) {
  Channel* found = nullptr;
  for (auto& channel : channels_) {
    if (channel->HasPath(spec.path)) found = channel.get();
  }
  if (found == nullptr) {
    // Two pins may name one map, and an element holds one value.
    int map_fd = OpenPinnedMap(spec.path);
    if (map_fd >= 0) {
      MapInfo info;
      if (ReadMapInfo(map_fd, &info) == 0) found = ChannelOfMap(info.id, nullptr);
      CloseDescriptor(map_fd);
    }
    if (found != nullptr && found->HasSlotsOf(spec)) {
      found->AddPath(spec.path);
      Watch();
    }
  }
  if (found != nullptr) {
    if (found->HasSlotsOf(spec)) return found;
    *status = Failed(SCHEDHINT_STEP_OTHER_LAYOUT, 0);
    return nullptr;
  }
  Block metadata;
  if (spec.kind == SCHEDHINT_KIND_TLD) {
    metadata = tld_.Page();
    if (metadata.address == nullptr) {
      *status = Failed(SCHEDHINT_STEP_MEMORY, errno);
      return nullptr;
    }
  }
  std::unique_ptr<Channel> channel =
      Channel::Create(spec, PoolFor(spec), metadata, &watcher_, &undeleted_, status);
  if (channel == nullptr) return nullptr;
  channel->process()->SetAttachTime(channel->slots(), MonotonicNow(time_offset_));
  channel->TakeOver(&unsettled_);
  channels_.push_back(std::move(channel));
  return channels_.back().get();
}

// One that no other channel has: a chunk moves when it is shared with a broker, and a program that
// finds another channel's block in it would go on with the old memory. Blocks in quarantine do not
// matter: what is still written to them is not read.
PagePool* Registry::PoolFor(const schedhint_channel_spec& spec) {
  if (spec.kind == SCHEDHINT_KIND_TLD) return &tld_pool_;
  std::vector<schedhint_slot> slots(spec.slots, spec.slots + spec.slot_count);
  for (auto& map : unsettled_) {
    if (map->IsFor(spec.broker, spec.path, spec.value_size, slots)) return map->pool();
  }
  for (auto& pool : pools_) {
    auto has_it = [&pool](const auto& other) { return other->pool() == pool.get(); };
    if (std::none_of(channels_.begin(), channels_.end(), has_it) &&
        std::none_of(unsettled_.begin(), unsettled_.end(), has_it)) {
      return pool.get();
    }
  }
  pools_.push_back(std::make_unique<PagePool>());
  return pools_.back().get();
}

Channel* Registry::ChannelOfMap(uint32_t map_id, const Channel* other_than) {
  for (auto& channel : channels_) {
    if (channel.get() == other_than || !channel->is_open()) continue;
    if (channel->map_id() == map_id) return channel.get();
  }
  return nullptr;
}

Channel::IsUsed Registry::IsUsedBeside(const Channel* channel) {
  return [this, channel](uint32_t map_id) { return ChannelOfMap(map_id, channel) != nullptr; };
}

schedhint_binding* Registry::FindBinding(Channel* channel, Thread* thread,
                                         schedhint_status* status) {
  for (schedhint_binding* one = thread->bindings; one != nullptr; one = one->next) {
    if (one->channel == channel) return one;
  }
  auto binding = std::make_unique<schedhint_binding>();
  binding->channel = channel;
  binding->thread = thread;
  binding->key = &thread->key;
  binding->element.process = channel->process();
  if (!TakeBlocks(channel, thread, &binding->element.thread)) {
    *status = Failed(SCHEDHINT_STEP_MEMORY, errno);
    return nullptr;
  }
  if (channel->kind() == SCHEDHINT_KIND_LAYERED) {
    binding->hint = std::make_unique<HintElement>(channel->normal_hint());
  }
  binding->channel_index = channel->bindings.size();
  channel->bindings.push_back(binding.get());
  binding->next = std::exchange(thread->bindings, binding.get());
  bindings_++;
  return binding.release();
}

bool Registry::TakeBlocks(Channel* channel, Thread* thread, HeldBlockSet* blocks) {
  if (channel->kind() == SCHEDHINT_KIND_TLD) return TakeTldBlocks(channel, &thread->tld, blocks);
  *blocks = HeldBlockSet(new BlockSet(channel->pool()));
  if (!(*blocks)->Take(channel->slots(), SCHEDHINT_OWNER_THREAD)) return false;
  (*blocks)->SetAttachTime(channel->slots(), MonotonicNow(time_offset_));
  return true;
}

void Registry::Bind(schedhint_binding* binding) {
  pid_t tid = binding->thread->tid;
  if (tid == 0) {
    binding->status = Failed(SCHEDHINT_STEP_THREAD_NOT_SEEN, 0);
    return;
  }
  binding->status.tid = tid;
  if (binding->channel->kind() == SCHEDHINT_KIND_TLD) {
    BindTld(binding);
  } else {
    binding->channel->Bind(binding);
  }
  schedhint_status& status = binding->status;
  if (binding->bound && status.bound_ns == 0) status.bound_ns = MonotonicNow(time_offset_);
}

void Registry::Release(schedhint_binding* binding) {
  std::lock_guard<std::mutex> lock(mutex_);
  if (--binding->handles == 0) Free(binding);
}

// The thread can no longer be reached through it; handles may still look at the blocks.
void Registry::End(schedhint_binding* binding) {
  Channel* channel = binding->channel;
  channel->Unbind(binding);
  schedhint_binding* last = channel->bindings.back();
  channel->bindings[binding->channel_index] = last;
  last->channel_index = binding->channel_index;
  channel->bindings.pop_back();
  schedhint_binding** mine = &binding->thread->bindings;
  while (*mine != binding) mine = &(*mine)->next;
  *mine = binding->next;
  if (channel->kind() == SCHEDHINT_KIND_TLD) binding->thread->tld.Unused(binding->element.thread);
  if (binding->thread->bindings == nullptr) binding->thread->key = {};
  binding->thread = nullptr;
  binding->key = nullptr;
  binding->channel = nullptr;
  binding->status = Failed(SCHEDHINT_STEP_THREAD_ENDED, 0);
  FreeIfUnused(channel);
}

void Registry::Free(schedhint_binding* binding) {
  if (Thread* thread = binding->thread) {
    if (thread == Current()) thread->gc.Forget(binding);
    End(binding);
    FreeIfUnused(thread);
  }
  bindings_--;
  delete binding;
  WakeForChores();
}

void Registry::FreeIfUnused(Channel* channel) {
  if (!channel->bindings.empty()) return;
  if (auto unsettled = channel->TakeUnsettled()) unsettled_.push_back(std::move(unsettled));
  channels_.erase(std::find_if(channels_.begin(), channels_.end(),
                               [&](auto& owned) { return owned.get() == channel; }));
  if (is_watched_ || !unsettled_.empty()) Watch();  // the last one ends the watcher
}

void Registry::FreeIfUnused(Thread* thread) {
  if (thread->bindings != nullptr || thread->tld.any()) return;
  // Its own thread still points to it, and drops it when it ends.
  bool is_current = thread == Current();
  if (thread->tid != 0 && !is_current) return;
  if (is_current) SetCurrent(nullptr);
  threads_.Erase(thread);
}

schedhint_status Registry::Status(schedhint_binding* binding) {
  std::lock_guard<std::mutex> lock(mutex_);
  schedhint_status status = binding->status;
  int error = binding->bound && binding->hint != nullptr ? binding->hint->LastError() : 0;
  if (error != 0) {
    status.step = SCHEDHINT_STEP_UPDATE;
    status.error = -error;
  }
  return status;
}

uint8_t* Registry::BlockOf(schedhint_binding* binding, uint32_t slot, uint32_t* size) {
  std::lock_guard<std::mutex> lock(mutex_);
  if (binding->channel == nullptr || slot >= binding->channel->slots().size()) return nullptr;
  const Block& block = binding->element.At(slot);
  bool is_tld = binding->channel->kind() == SCHEDHINT_KIND_TLD;
  *size = is_tld ? block.size : binding->channel->slots()[slot].size;
  return block.address;
}

bool Registry::StartGc(schedhint_binding* binding, const schedhint_gc_layout& layout) {
  GcHook* hook;
  uint8_t* thread_block;
  uint8_t* process_block;
  {
    std::lock_guard<std::mutex> lock(mutex_);
    if (binding->thread == nullptr || binding->thread != Current()) return false;
    hook = &binding->thread->gc;
    const Element& element = binding->element;
    thread_block = element.At(layout.thread_slot).address;
    process_block = layout.process_slot < 0
                        ? nullptr
                        : element.At(static_cast<size_t>(layout.process_slot)).address;
    if (process_block != nullptr) {
      binding->channel->pool()->MarkCounter(process_block + layout.process_count);
    }
  }
  return hook->Start(binding, thread_block, process_block, binding->hint.get(), layout);
}

void Registry::StopGc(schedhint_binding* binding) {
  if (Thread* thread = Current()) thread->gc.Stop(binding);
}

void Registry::ThreadEnds() {
  Thread* thread = Current();
  // First of all: V8 collects once more while it tears the isolate down.
  if (thread != nullptr) thread->gc.Uninstall();
  std::lock_guard<std::mutex> lock(mutex_);
  workers_.StarterEnds();
  if (thread == nullptr) return;
  while (schedhint_binding* binding = thread->bindings) {
    thread->gc.Forget(binding);
    End(binding);
  }
  thread->tld.Clear();
  FreeIfUnused(thread);
  WakeForChores();
}

void Registry::WorkerOnline(uint64_t thread_id) {
  std::lock_guard<std::mutex> lock(mutex_);
  workers_.Online(thread_id);
}

void Registry::WorkerEnded(uint64_t thread_id) {
  std::lock_guard<std::mutex> lock(mutex_);
  workers_.Ended(thread_id);
}

uint32_t Registry::UnreachedWorkers() {
  std::lock_guard<std::mutex> lock(mutex_);
  return workers_.Unreached(&threads_);
}

schedhint_counts Registry::Counts() {
  std::lock_guard<std::mutex> lock(mutex_);
  schedhint_counts counts = {};
  counts.threads = static_cast<uint32_t>(threads_.size());
  counts.bindings = bindings_;
  for (auto& channel : channels_) {
    counts.bound += channel->bound();
    if (channel->is_open()) counts.maps_open++;
  }
  auto add = [&counts](PagePool* pool) {
    PoolCounts part = pool->Counts();
    counts.pages += part.pages;
    counts.blocks_used += part.used;
    counts.blocks_quarantined += part.quarantined;
    counts.blocks_free += part.free;
  };
  for (auto& pool : pools_) add(pool.get());
  add(&tld_pool_);
  if (tld_.has_page()) counts.blocks_used--;  // it is no thread's, and stays
  return counts;
}

}  // namespace schedhint
