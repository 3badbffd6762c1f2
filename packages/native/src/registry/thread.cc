#include "registry/thread.h"

#include <algorithm>

namespace schedhint {

Threads::Sorted::iterator Threads::PlaceOf(uint64_t id) {
  // Ids only grow, so a thread that is new belongs at the end.
  if (threads_.empty() || threads_.back()->id < id) return threads_.end();
  return std::lower_bound(
      threads_.begin(), threads_.end(), id,
      [](const std::unique_ptr<Thread>& thread, uint64_t wanted) { return thread->id < wanted; });
}

Thread* Threads::Find(uint64_t id) {
  auto place = PlaceOf(id);
  return place == threads_.end() || (*place)->id != id ? nullptr : place->get();
}

Thread* Threads::FindOrAdd(uint64_t id, int64_t time_offset) {
  if (Thread* thread = Find(id)) return thread;
  return threads_.insert(PlaceOf(id), std::make_unique<Thread>(id, time_offset))->get();
}

void Threads::Erase(Thread* thread) {
  threads_.erase(PlaceOf(thread->id));
}

}  // namespace schedhint
