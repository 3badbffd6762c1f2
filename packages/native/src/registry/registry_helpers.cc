// The registry's part that knows the runtime's helper threads: by their names, which the watcher's
// thread reads, and those of libuv's pool also by having met them.

#include <algorithm>

#include "registry/registry.h"

namespace schedhint {

void Registry::FindHelpers(schedhint_binding* binding, const schedhint_helpers_layout& layout) {
  std::lock_guard<std::mutex> lock(mutex_);
  if (binding->channel != nullptr) binding->channel->WantHelpers(layout);
}

// Any thread's names are read without the lock, which event loops wait for.
bool Registry::WantsHelpers() {
  std::lock_guard<std::mutex> lock(mutex_);
  return std::any_of(channels_.begin(), channels_.end(),
                     [](const auto& channel) { return channel->WantsHelpers(); });
}

bool Registry::WantsPoolThreads() {
  return WantsHelpers();
}

// Those that were met stay: they have no names, and end with the process.
void Registry::TakeNamed(const std::vector<HelperThread>& named) {
  auto is_named = [&](pid_t tid) {
    return std::any_of(named.begin(), named.end(),
                       [tid](const HelperThread& one) { return one.tid == tid; });
  };
  std::vector<HelperThread> all = named;
  for (const pid_t tid : met_) {
    if (!is_named(tid)) all.push_back({tid, HelperThread::Kind::kPool});
  }
  helpers_ = std::move(all);
}

void Registry::AddPoolThreads(const pid_t* tids, size_t count) {
  std::lock_guard<std::mutex> lock(mutex_);
  for (const pid_t* tid = tids; tid != tids + count; tid++) {
    if (std::find(met_.begin(), met_.end(), *tid) != met_.end()) continue;
    met_.push_back(*tid);
    helpers_.push_back({*tid, HelperThread::Kind::kPool});
  }
  for (auto& channel : channels_) channel->BindHelpers(helpers_);
}

}  // namespace schedhint
