#pragma once
// The maps that clients may be bound to, by the paths of their pins.

#include <sys/types.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "descriptor.h"
#include "kernel/bpf_syscall.h"

namespace schedhint::broker {

struct OpenMap {
  Descriptor fd;
  MapInfo info;
};

struct ServedMap {
  std::string path;
  std::shared_ptr<const OpenMap> map;  // null: no map
  int error = 0;                       // -errno of the last attempt to open it, if it failed
  ino_t pin = 0;
};

class ServedMaps {
 public:
  explicit ServedMaps(const std::vector<std::string>& paths);
  // Null: not offered.
  const ServedMap* Find(const std::string& path) const;
  // Looks at every pin. Calls `changed` for each that a map has come to or gone from.
  void Look(const std::function<void(const ServedMap&)>& changed);
  std::vector<std::string> Paths() const;

 private:
  std::vector<ServedMap> maps_;
};

}  // namespace schedhint::broker
