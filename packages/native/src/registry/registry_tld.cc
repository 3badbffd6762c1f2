// The registry's part that is about task local data only.

#include "registry/registry.h"

namespace schedhint {

bool Registry::TakeTldBlocks(Channel* channel, TldBlocks* threads, HeldBlockSet* blocks) {
  uint32_t value_size = channel->map_value_size();
  uint32_t size = tld_.BlockBytes(value_size);
  *blocks = threads->Reuse(
      channel->map_id(),
      [channel](const std::string& path) { return channel->HasPath(path.c_str()); },
      value_size == 0 ? 0 : size);
  if (blocks->holds_any()) return true;
  *blocks = HeldBlockSet(new BlockSet(&tld_pool_));
  if (!(*blocks)->TakeFirst(channel->slots(), size)) return false;
  threads->Add(*blocks, channel->path());
  return true;
}

int Registry::TldKeys(const schedhint_tld_key* keys, size_t count, uint32_t dynamic_bytes,
                      uint32_t* offsets) {
  std::lock_guard<std::mutex> lock(mutex_);
  return tld_.Keys(keys, count, dynamic_bytes, offsets);
}

int32_t Registry::TldRoom() {
  std::lock_guard<std::mutex> lock(mutex_);
  return static_cast<int32_t>(tld_.Room());
}

void Registry::BindTld(schedhint_binding* binding) {
  if (binding->bound) return;
  const HeldBlockSet& blocks = binding->element.thread;
  TldBlocks* threads = &binding->thread->tld;
  uint32_t map_id = binding->channel->map_id();
  if (map_id != 0 && threads->IsElsewhere(blocks, map_id)) {
    binding->status = Failed(SCHEDHINT_STEP_TLD_IN_USE, 0, SCHEDHINT_TLD_OWN);
    binding->status.map_id = map_id;
    binding->status.tid = binding->thread->tid;
    return;
  }
  binding->channel->Bind(binding);
  if (binding->bound) threads->Bound(blocks, map_id);
}

}  // namespace schedhint
