#include "registry.h"

#include <errno.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "bpf_syscall.h"
#include "monotonic_clock.h"

namespace schedhint {
namespace {

constexpr uint64_t kRetryDeletingNs = 1000000000;

}  // namespace

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
    bool was_open = channel->is_open();
    channel->Open(IsUsedBeside(channel));
    Bind(binding);
    // What there is to watch changes with the channel, not with a thread.
    if (!was_open) WatchPins();
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
      WatchPins();
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
      Channel::Create(spec, &pool_, metadata, &watcher_, &undeleted_, status);
  if (channel == nullptr) return nullptr;
  channel->TakeOver(&unsettled_);
  channels_.push_back(std::move(channel));
  WatchPins();
  return channels_.back().get();
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
  *blocks = HeldBlockSet(new BlockSet(&pool_));
  return (*blocks)->Take(channel->slots(), SCHEDHINT_OWNER_THREAD);
}

uint64_t Registry::DoChores() {
  uint64_t due = 0;
  {
    std::lock_guard<std::mutex> lock(mutex_);
    if (undeleted_.Retry()) due = MonotonicNow(0) + kRetryDeletingNs;
  }
  for (uint64_t other : {pool_.Reap(), tld_pool_.Reap()}) {
    if (due == 0 || (other != 0 && other < due)) due = other;
  }
  return due;
}

void Registry::WakeForChores() {
  bool has_returned = pool_.WantsReaper();
  if (tld_pool_.WantsReaper() || has_returned || undeleted_.any()) watcher_.Wake();
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

void Registry::WatchPins() {
  std::vector<std::string> places;
  for (auto& channel : channels_) {
    for (std::string& place : channel->Places()) places.push_back(std::move(place));
  }
  for (auto& map : unsettled_) places.push_back(map->socket());
  if (places != watched_ && watcher_.Watch(places)) watched_ = std::move(places);
}

// On the watcher's thread, as the next one: what the event loops do meanwhile does not matter.
LookAgain Registry::LookAtMaps() {
  std::lock_guard<std::mutex> lock(mutex_);
  bool is_unsettled = false;
  // All of them first: pins may have changed places.
  for (auto& channel : channels_) channel->LetGo();
  for (auto& channel : channels_) is_unsettled |= channel->Look(IsUsedBeside(channel.get()));
  for (auto& map : unsettled_) is_unsettled |= map->Settle();
  BindAllAndTell();
  return is_unsettled || IsShort() ? LookAgain::kInASecond : LookAgain::kNo;
}

LookAgain Registry::HearBrokers() {
  std::lock_guard<std::mutex> lock(mutex_);
  bool is_lost = false;
  for (auto& channel : channels_) is_lost |= channel->Hear(IsUsedBeside(channel.get()));
  for (auto& map : unsettled_) is_lost |= !map->Hear([](uint64_t, schedhint_status) {});
  BindAllAndTell();
  if (is_lost) return LookAgain::kAtOnce;
  return IsShort() ? LookAgain::kInASecond : LookAgain::kNo;
}

bool Registry::IsShort() const {
  return std::any_of(channels_.begin(), channels_.end(),
                     [](const std::unique_ptr<Channel>& channel) { return channel->IsShort(); });
}

void Registry::BindAllAndTell() {
  bool changed = false;
  for (auto& channel : channels_) {
    for (schedhint_binding* binding : channel->bindings) {
      Bind(binding);
      changed |= std::memcmp(&binding->told, &binding->status, sizeof(binding->told)) != 0;
      binding->told = binding->status;
    }
  }
  unsettled_.erase(
      std::remove_if(unsettled_.begin(), unsettled_.end(),
                     [](const std::unique_ptr<BrokeredMap>& map) { return !map->HoldsBlocks(); }),
      unsettled_.end());
  WatchPins();
  WakeForChores();
  // Under the lock, so that nobody is told who has unlistened.
  if (!changed) return;
  for (auto [listener, data] : listeners_) listener(data);
}

void Registry::Listen(schedhint_listener listener, void* data) {
  std::lock_guard<std::mutex> lock(mutex_);
  listeners_.push_back({listener, data});
}

void Registry::Unlisten(schedhint_listener listener, void* data) {
  std::lock_guard<std::mutex> lock(mutex_);
  listeners_.erase(std::remove(listeners_.begin(), listeners_.end(), std::pair(listener, data)),
                   listeners_.end());
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
  WatchPins();
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
  }
  return hook->Start(binding, thread_block, process_block, binding->hint.get(), layout);
}

void Registry::StopGc(schedhint_binding* binding) {
  if (Thread* thread = Current()) thread->gc.Stop(binding);
}

void Registry::ThreadEnds() {
  Thread* thread = Current();
  if (thread == nullptr) return;
  // First of all: V8 collects once more while it tears the isolate down.
  thread->gc.Uninstall();
  std::lock_guard<std::mutex> lock(mutex_);
  while (schedhint_binding* binding = thread->bindings) {
    thread->gc.Forget(binding);
    End(binding);
  }
  thread->tld.Clear();
  FreeIfUnused(thread);
  WakeForChores();
  pid_t tid = static_cast<pid_t>(syscall(SYS_gettid));  // its own workers end with it
  for (auto worker = workers_.begin(); worker != workers_.end();) {
    worker = worker->second == tid ? workers_.erase(worker) : std::next(worker);
  }
}

void Registry::WorkerOnline(uint64_t thread_id) {
  std::lock_guard<std::mutex> lock(mutex_);
  workers_[thread_id] = static_cast<pid_t>(syscall(SYS_gettid));
}

void Registry::WorkerEnded(uint64_t thread_id) {
  std::lock_guard<std::mutex> lock(mutex_);
  workers_.erase(thread_id);
}

uint32_t Registry::UnreachedWorkers() {
  std::lock_guard<std::mutex> lock(mutex_);
  uint32_t unreached = 0;
  for (auto [thread_id, parent] : workers_) {
    const Thread* thread = threads_.Find(thread_id);
    if (thread == nullptr || thread->tid == 0) unreached++;
  }
  return unreached;
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
  for (PagePool* pool : {&pool_, &tld_pool_}) {
    PoolCounts part = pool->Counts();
    counts.pages += part.pages;
    counts.blocks_used += part.used;
    counts.blocks_quarantined += part.quarantined;
    counts.blocks_free += part.free;
  }
  if (tld_.has_page()) counts.blocks_used--;  // it is no thread's, and stays
  return counts;
}

}  // namespace schedhint
