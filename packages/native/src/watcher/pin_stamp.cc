#include "watcher/pin_stamp.h"

#include <errno.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

namespace schedhint {
namespace {

constexpr unsigned kBpfFsMagic = 0xcafe4a11;

std::string ParentOf(const std::string& path) {
  size_t slash = path.find_last_of('/');
  return slash == 0 || slash == std::string::npos ? "/" : path.substr(0, slash);
}

}  // namespace

PinStamp PinStamp::Of(const std::string& path) {
  PinStamp stamp;
  struct stat file;
  if (stat(path.c_str(), &file) != 0) {
    stamp.error = errno;
    return stamp;
  }
  stamp.device = file.st_dev;
  stamp.inode = file.st_ino;
  stamp.changed = file.st_ctim;
  return stamp;
}

bool PinStamp::operator==(const PinStamp& other) const {
  return error == other.error && device == other.device && inode == other.inode &&
         changed.tv_sec == other.changed.tv_sec && changed.tv_nsec == other.changed.tv_nsec;
}

bool MayBePinned(const std::string& path) {
  struct statfs system;
  char first;
  for (std::string place = path;; place = ParentOf(place)) {
    if (statfs(place.c_str(), &system) == 0) {
      return static_cast<unsigned>(system.f_type) == kBpfFsMagic;
    }
    bool is_missing = errno == ENOENT || errno == ENOTDIR;
    // A link may lead to a bpffs elsewhere.
    if (!is_missing || readlink(place.c_str(), &first, 1) >= 0) return true;
    if (place == "/") return false;
  }
}

}  // namespace schedhint
