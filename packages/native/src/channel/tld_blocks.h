#pragma once
// A thread's blocks of task local data, one for each map.
//
// The kernel's BPF half looks a value up by its name once, and remembers for the rest of the
// thread's life where in its page it was. So a block that has been in a map is the thread's until
// the thread ends: it is used again when the thread attaches again, and no other takes its place.

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "memory/block_set.h"

namespace schedhint {

class TldBlocks {
 public:
  using IsPath = std::function<bool(const std::string& path)>;

  // A block of this thread's that is not in use: the one that the map with this id has had, else
  // one that was attached by such a path and has at least that many bytes. Zeroed; none: there is
  // none.
  HeldBlockSet Reuse(uint32_t map_id, const IsPath& is_path, uint32_t least_bytes);
  void Add(const HeldBlockSet& blocks, const std::string& path);
  // The map has the block now.
  void Bound(const HeldBlockSet& blocks, uint32_t map_id);
  // Whether the map has had another block of this thread's.
  bool IsElsewhere(const HeldBlockSet& blocks, uint32_t map_id) const;
  // The thread has detached from it. One that no map has had is forgotten.
  void Unused(const HeldBlockSet& blocks);
  bool any() const { return !known_.empty(); }
  // The thread has ended.
  void Clear() { known_.clear(); }

 private:
  struct Known {
    HeldBlockSet blocks;
    std::string path;
    std::vector<uint32_t> maps;  // that have had it
    bool is_used;

    bool IsIn(uint32_t map_id) const;
  };

  std::vector<Known>::iterator Find(const HeldBlockSet& blocks);

  std::vector<Known> known_;
};

}  // namespace schedhint
