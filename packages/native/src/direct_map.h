#pragma once
// A pinned map that this process may open itself.

#include <sys/types.h>

#include <functional>
#include <string>
#include <vector>

#include "map_check.h"

namespace schedhint {

class DirectMap {
 public:
  DirectMap() = default;
  ~DirectMap() { Close(); }
  DirectMap(const DirectMap&) = delete;
  DirectMap& operator=(const DirectMap&) = delete;

  // Whether a map is one that we may use.
  using Check = std::function<schedhint_status(int map_fd, MapInfo* info)>;

  // Opens the map and checks it; nothing of ours is handed over before. `is_used` tells whether
  // another channel has the map of an id.
  schedhint_status Open(const std::string& path, const Check& check,
                        const std::function<bool(uint32_t map_id)>& is_used);
  // So that the kernel can free the map.
  void Close();
  bool is_open() const { return fd_ >= 0; }
  uint32_t id() const { return id_; }
  int descriptor() const { return fd_; }
  // Whether one of the pins still leads to it.
  bool IsPinnedAt(const std::vector<std::string>& paths) const;

  // Of the map, which may be larger than the part that we know.
  uint32_t value_size() const { return value_size_; }
  // An update replaces the value whole.
  schedhint_status Update(pid_t tid, const std::vector<uint8_t>& value);
  void Delete(pid_t tid);

 private:
  int fd_ = -1;
  uint32_t id_ = 0;
  uint32_t value_size_ = 0;
  uint64_t pin_inode_ = 0;
};

}  // namespace schedhint
