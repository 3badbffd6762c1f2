#include "registry/started_workers.h"

#include <sys/syscall.h>
#include <unistd.h>

#include <iterator>

namespace schedhint {
namespace {

pid_t CallingThread() {
  return static_cast<pid_t>(syscall(SYS_gettid));
}

}  // namespace

void StartedWorkers::Online(uint64_t thread_id) {
  starters_[thread_id] = CallingThread();
}

void StartedWorkers::StarterEnds() {
  if (starters_.empty()) return;
  pid_t ending = CallingThread();
  for (auto one = starters_.begin(); one != starters_.end();) {
    one = one->second == ending ? starters_.erase(one) : std::next(one);
  }
}

uint32_t StartedWorkers::Unreached(Threads* threads) const {
  uint32_t unreached = 0;
  for (auto [thread_id, starter] : starters_) {
    const Thread* thread = threads->Find(thread_id);
    if (thread == nullptr || thread->tid == 0) unreached++;
  }
  return unreached;
}

}  // namespace schedhint
