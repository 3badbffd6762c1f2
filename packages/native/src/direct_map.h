#pragma once
// A pinned map that this process may open itself.

#include <sys/types.h>

#include <functional>
#include <string>
#include <vector>

#include "block_set.h"
#include "map_check.h"

namespace schedhint {

class DirectMap {
 public:
  DirectMap() = default;
  ~DirectMap() { Close(); }
  DirectMap(const DirectMap&) = delete;
  DirectMap& operator=(const DirectMap&) = delete;

  // Opens the map and asks the kernel whether it wants what we would give it; nothing of ours is
  // handed over before. `is_used` tells whether another channel has the map of an id.
  schedhint_status Open(const std::string& path, uint32_t value_size,
                        const std::vector<schedhint_slot>& slots,
                        const std::function<bool(uint32_t map_id)>& is_used);
  // So that the kernel can free the map.
  void Close();
  bool is_open() const { return fd_ >= 0; }
  uint32_t id() const { return id_; }
  // Whether one of the pins still leads to it.
  bool IsPinnedAt(const std::vector<std::string>& paths) const;

  // An update replaces the value whole.
  schedhint_status Update(pid_t tid, const Element& element,
                          const std::vector<schedhint_slot>& slots);
  void Delete(pid_t tid);

 private:
  int fd_ = -1;
  uint32_t id_ = 0;
  uint32_t value_size_ = 0;
  uint64_t pin_inode_ = 0;
};

}  // namespace schedhint
