#pragma once
// Reads the state of a path with stat(2), without opening it: cheap enough for polling. A pin
// that is replaced, chmoded, or hidden by a mount has another stamp.

#include <sys/types.h>
#include <time.h>

#include <string>

namespace schedhint {

struct PinStamp {
  int error = 0;  // why nothing is seen: errno
  dev_t device = 0;
  ino_t inode = 0;
  timespec changed = {};

  static PinStamp Of(const std::string& path);
  bool operator==(const PinStamp& other) const;
  bool operator!=(const PinStamp& other) const { return !(*this == other); }
};

// Whether a map could come to be pinned there without a mount: the path, or the nearest of its
// parents that is there, is on a bpffs, or this user may not see that far.
bool MayBePinned(const std::string& path);

}  // namespace schedhint
