#include "channel/undeleted_elements.h"

#include <errno.h>

#include <algorithm>

#include "kernel/bpf_syscall.h"

namespace schedhint {

int DeleteIn(const HeldMap& map, const HeldThreadKey& thread) {
  int key = thread->Descriptor();
  int error = key < 0 ? key : DeleteElement(map->descriptor(), key);
  // A reader may have deleted it already, and the kernel does when the thread ends.
  return error == -ENOENT || error == -ESRCH ? 0 : error;
}

void UndeletedElements::Add(const HeldMap& map, const HeldThreadKey& thread, const Element& element,
                            int error) {
  elements_.push_back({map, thread, element, error});
}

bool UndeletedElements::Retry() {
  elements_.erase(std::remove_if(elements_.begin(), elements_.end(),
                                 [](Undeleted& one) {
                                   one.error = DeleteIn(one.map, one.thread);
                                   return one.error == 0 || one.thread->HasEnded();
                                 }),
                  elements_.end());
  return any();
}

int UndeletedElements::ErrorOf(uint32_t map_id, pid_t tid) {
  if (!any() || !Retry()) return 0;
  for (const Undeleted& one : elements_) {
    if (one.map->id() == map_id && one.thread->tid() == tid) return one.error;
  }
  return 0;
}

int UndeletedElements::ErrorOf(const HeldBlockSet& process) {
  if (!any() || !Retry()) return 0;
  for (const Undeleted& one : elements_) {
    if (one.element.process == process) return one.error;
  }
  return 0;
}

}  // namespace schedhint
