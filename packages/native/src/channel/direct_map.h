#pragma once
// A pinned map that this process may open itself.

#include <sys/types.h>

#include <functional>
#include <string>
#include <vector>

#include "channel/undeleted_elements.h"
#include "kernel/map_check.h"

namespace schedhint {

class DirectMap {
 public:
  // `undeleted` takes what Delete() can't.
  explicit DirectMap(UndeletedElements* undeleted) : undeleted_(undeleted) {}
  DirectMap(const DirectMap&) = delete;
  DirectMap& operator=(const DirectMap&) = delete;

  // Whether a map is one that we may use.
  using Check = std::function<schedhint_status(int map_fd, MapInfo* info)>;

  // Opens the map and checks it; nothing of ours is handed over before. `is_used` says whether
  // another channel has the map of an id.
  schedhint_status Open(const std::string& path, const Check& check,
                        const std::function<bool(uint32_t map_id)>& is_used);
  // So that the kernel can free the map, unless there are elements of ours that it would not
  // delete.
  void Close() { map_ = {}; }
  bool is_open() const { return map_.holds_any(); }
  uint32_t id() const { return is_open() ? map_->id() : 0; }
  int descriptor() const { return map_->descriptor(); }
  // Whether one of the pins still leads to it.
  bool IsPinnedAt(const std::vector<std::string>& paths) const;

  // Of the map, which may be larger than the part that we know.
  uint32_t value_size() const { return value_size_; }
  // An update replaces the value whole.
  enum class If { kAny, kNone };  // there is an element already, or not
  schedhint_status Update(const HeldThreadKey& thread, const std::vector<uint8_t>& value,
                          If there = If::kAny);
  // `element` is what programs find until it is gone.
  void Delete(const HeldThreadKey& thread, const Element& element);

 private:
  UndeletedElements* undeleted_;
  HeldMap map_;
  uint32_t value_size_ = 0;
  uint64_t pin_inode_ = 0;
};

}  // namespace schedhint
