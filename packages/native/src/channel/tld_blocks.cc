#include "channel/tld_blocks.h"

#include <algorithm>
#include <cstring>

#include "channel/tld.h"

namespace schedhint {

bool TldBlocks::Known::IsIn(uint32_t map_id) const {
  return std::find(maps.begin(), maps.end(), map_id) != maps.end();
}

HeldBlockSet TldBlocks::Reuse(uint32_t map_id, const IsPath& is_path, uint32_t least_bytes) {
  auto found = std::find_if(known_.begin(), known_.end(), [&](const Known& known) {
    return !known.is_used && known.IsIn(map_id);
  });
  if (found == known_.end()) {
    found = std::find_if(known_.begin(), known_.end(), [&](const Known& known) {
      return !known.is_used && is_path(known.path) &&
             known.blocks->At(kTldDataSlot).size >= least_bytes;
    });
  }
  if (found == known_.end()) return {};
  found->is_used = true;
  const Block& block = found->blocks->At(kTldDataSlot);
  std::memset(block.address, 0, block.size);
  WriteTldStart(block);
  return found->blocks;
}

void TldBlocks::Add(const HeldBlockSet& blocks, const std::string& path) {
  WriteTldStart(blocks->At(kTldDataSlot));
  known_.push_back({blocks, path, {}, true});
}

void TldBlocks::Bound(const HeldBlockSet& blocks, uint32_t map_id) {
  auto known = Find(blocks);
  if (known != known_.end() && !known->IsIn(map_id)) known->maps.push_back(map_id);
}

bool TldBlocks::IsElsewhere(const HeldBlockSet& blocks, uint32_t map_id) const {
  return std::any_of(known_.begin(), known_.end(), [&](const Known& known) {
    return !(known.blocks == blocks) && known.IsIn(map_id);
  });
}

void TldBlocks::Unused(const HeldBlockSet& blocks) {
  auto known = Find(blocks);
  if (known == known_.end()) return;
  known->is_used = false;
  if (known->maps.empty()) known_.erase(known);
}

std::vector<TldBlocks::Known>::iterator TldBlocks::Find(const HeldBlockSet& blocks) {
  return std::find_if(known_.begin(), known_.end(),
                      [&](const Known& known) { return known.blocks == blocks; });
}

}  // namespace schedhint
