// The registry's part that follows what happens outside of this process: to maps, to brokers, and
// to what needs only time.

#include <algorithm>
#include <cstring>

#include "kernel/monotonic_clock.h"
#include "registry/registry.h"

namespace schedhint {
namespace {

constexpr uint64_t kSecond = 1000000000;
constexpr uint64_t kRetryDeletingNs = kSecond;
// The longest between two looks, while something is bound or short, and while none is.
constexpr uint64_t kLookAtLeastEvery = kSecond;
constexpr uint64_t kLookForMapEvery = 5 * kSecond;
// Between two glances, which wait for no more than a bpffs or a broker.
constexpr uint64_t kFirstGlance = kSecond;
constexpr uint64_t kGlanceAtLeastEvery = 30 * kSecond;

}  // namespace

// What there is to look at has changed. The thread is started only where a look may find something.
void Registry::Watch() {
  must_look_ = true;
  if (is_watched_ || MayChange()) {
    is_watched_ = watcher_.LookSoon();
  }
  if (is_watched_) return;
  glance_interval_ = kFirstGlance;
  next_glance_ = MonotonicNow(0) + glance_interval_;
}

bool Registry::MayChange() const {
  return !unsettled_.empty() ||
         std::any_of(channels_.begin(), channels_.end(),
                     [](const auto& channel) { return channel->MayChange(); });
}

// Many threads call it: the first that finds it due looks for all.
uint32_t Registry::Glance() {
  std::lock_guard<std::mutex> lock(mutex_);
  if (is_watched_ || channels_.empty()) return 0;
  uint64_t now = MonotonicNow(0);
  if (now >= next_glance_) {
    // A file that is no pin is worth a look, too: the status says so.
    is_watched_ = (MayChange() || HasChanged()) && watcher_.LookSoon();
    if (is_watched_) return 0;
    glance_interval_ = std::min(2 * glance_interval_, kGlanceAtLeastEvery);
    next_glance_ = now + glance_interval_;
  }
  return static_cast<uint32_t>((next_glance_ - now) / 1000000 + 1);
}

// On the watcher's thread, as the next ones: what the event loops do meanwhile does not matter.
Outlook Registry::LookAtMaps() {
  std::vector<HelperThread> named;
  bool has_named = WantsHelpers() && helper_search_.Look(MonotonicNow(0), &named);
  std::lock_guard<std::mutex> lock(mutex_);
  Outlook outlook;
  if (IsLookDue()) {
    must_look_ = is_unsettled_ = false;
    looked_ = MonotonicNow(0);
    // All of them first: pins may have changed places.
    for (auto& channel : channels_) channel->LetGo();
    for (auto& channel : channels_) is_unsettled_ |= channel->Look(IsUsedBeside(channel.get()));
    for (auto& map : unsettled_) is_unsettled_ |= map->Settle();
    outlook.has_changed = BindAllAndTell();
  }
  if (has_named) TakeNamed(named);
  for (auto& channel : channels_) channel->BindHelpers(helpers_);
  is_watched_ = MayChange();
  if (is_watched_) {
    bool is_any_open = std::any_of(channels_.begin(), channels_.end(),
                                   [](const auto& channel) { return channel->is_open(); });
    bool is_often = is_any_open || is_unsettled_ || IsShort();
    outlook.rarest_ns = is_often ? kLookAtLeastEvery : kLookForMapEvery;
  } else if (!channels_.empty()) {
    // From now on glances do, and those that may glance must know it.
    glance_interval_ = kFirstGlance;
    next_glance_ = MonotonicNow(0) + glance_interval_;
    Tell();
  }
  CloseUnusedSockets();
  return outlook;
}

// What takes no event to mend is tried once a second.
bool Registry::IsLookDue() const {
  if (must_look_) return true;
  bool needs_time = is_unsettled_ || IsShort();
  if (needs_time && MonotonicNow(0) >= looked_ + kLookAtLeastEvery) return true;
  return HasChanged();
}

bool Registry::HasChanged() const {
  return std::any_of(channels_.begin(), channels_.end(),
                     [](const auto& channel) { return channel->HasChanged(); });
}

bool Registry::HearBrokers() {
  std::lock_guard<std::mutex> lock(mutex_);
  bool is_lost = false;
  for (auto& channel : channels_) is_lost |= channel->Hear(IsUsedBeside(channel.get()));
  for (auto& map : unsettled_) is_lost |= !map->Hear([](uint64_t, schedhint_status) {});
  BindAllAndTell();
  CloseUnusedSockets();
  must_look_ |= is_lost;
  return is_lost;
}

void Registry::CloseUnusedSockets() {
  bool is_any = std::any_of(channels_.begin(), channels_.end(),
                            [](const auto& channel) { return channel->IsConnected(); }) ||
                std::any_of(unsettled_.begin(), unsettled_.end(),
                            [](const auto& map) { return map->is_connected(); });
  if (!is_any) watcher_.CloseSockets();
}

bool Registry::IsShort() const {
  return std::any_of(channels_.begin(), channels_.end(),
                     [](const std::unique_ptr<Channel>& channel) { return channel->IsShort(); });
}

bool Registry::BindAllAndTell() {
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
  WakeForChores();
  if (!changed) return false;
  for (auto& channel : channels_) {
    for (schedhint_binding* binding : channel->bindings) CloseUnusedKey(binding->thread);
  }
  Tell();
  return true;
}

// A thread that is bound nowhere needs no descriptor until it is bound again.
void Registry::CloseUnusedKey(Thread* thread) {
  for (schedhint_binding* one = thread->bindings; one != nullptr; one = one->next) {
    if (one->bound) return;
  }
  thread->key = {};
}

// Under the lock, so that no listener is called that was removed.
void Registry::Tell() {
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

uint64_t Registry::DoChores() {
  uint64_t due = 0;
  std::vector<PagePool*> pools = {&tld_pool_};
  {
    std::lock_guard<std::mutex> lock(mutex_);
    if (undeleted_.Retry()) due = MonotonicNow(0) + kRetryDeletingNs;
    for (auto& pool : pools_) pools.push_back(pool.get());
  }
  for (PagePool* pool : pools) {
    uint64_t other = pool->Reap();
    if (due == 0 || (other != 0 && other < due)) due = other;
  }
  return due;
}

void Registry::WakeForChores() {
  bool has_returned = tld_pool_.WantsReaper();
  for (auto& pool : pools_) has_returned |= pool->WantsReaper();
  if (has_returned || undeleted_.any()) watcher_.Wake();
}

}  // namespace schedhint
