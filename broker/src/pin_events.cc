#include "pin_events.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/inotify.h>
#include <unistd.h>

#include <algorithm>

namespace schedhint {
namespace {

constexpr uint32_t kEvents = IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO | IN_ATTRIB |
                             IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR;

std::string ParentOf(const std::string& path) {
  size_t slash = path.find_last_of('/');
  return slash == 0 || slash == std::string::npos ? "/" : path.substr(0, slash);
}

}  // namespace

void PinEvents::Open() {
  mounts_fd_ = open("/proc/self/mountinfo", O_RDONLY | O_CLOEXEC);
}

// Watches are on inodes, and what a path leads to may have changed anywhere along it, so each is
// placed again. The descriptor stays: closing one with watches waits for a grace period.
void PinEvents::Watch(const std::vector<std::string>& pins) {
  if (inotify_fd_ < 0) inotify_fd_ = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
  must_look_regularly_ = inotify_fd_ < 0 || mounts_fd_ < 0;
  if (inotify_fd_ < 0) return;
  char events[4096];
  while (read(inotify_fd_, events, sizeof(events)) > 0) {
  }
  std::vector<int> before = std::move(watches_);
  watches_.clear();
  for (const std::string& pin : pins) PlaceWatch(pin);
  for (int watch : before) {
    if (std::find(watches_.begin(), watches_.end(), watch) == watches_.end()) {
      inotify_rm_watch(inotify_fd_, watch);  // EINVAL: it went with its directory
    }
  }
}

void PinEvents::PlaceWatch(const std::string& pin) {
  for (std::string directory = ParentOf(pin);; directory = ParentOf(directory)) {
    int watch = inotify_add_watch(inotify_fd_, directory.c_str(), kEvents);
    if (watch >= 0) {
      watches_.push_back(watch);
      return;
    }
    bool missing = errno == ENOENT || errno == ENOTDIR;
    if (!missing || directory == "/") {
      must_look_regularly_ = true;
      return;
    }
  }
}

}  // namespace schedhint
