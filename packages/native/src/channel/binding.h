#pragma once
// A thread's blocks in one map, and how far binding them has come.

#include <cstdint>
#include <memory>

#include "channel/hint_element.h"
#include "channel/thread_key.h"
#include "kernel/status.h"
#include "memory/block_set.h"
#include "memory/from_slab.h"

namespace schedhint {

class Channel;
struct Thread;

}  // namespace schedhint

struct schedhint_binding : schedhint::FromSlab<schedhint_binding> {
  schedhint::Channel* channel;
  schedhint::Thread* thread;      // null once the thread has ended
  schedhint::HeldThreadKey* key;  // the thread's
  schedhint::Element element;
  std::unique_ptr<schedhint::HintElement> hint;  // of a layered channel
  size_t channel_index;                          // its place in channel->bindings
  schedhint_binding* next = nullptr;             // of the same thread's
  uint32_t handles = 0;
  bool bound = false;
  uint64_t request = 0;  // to the broker, not answered yet; 0: none
  bool refused = false;  // by the broker; not to be asked again before the next look
  schedhint_status status = {};
  schedhint_status told = {};  // when the listeners were last called
};
