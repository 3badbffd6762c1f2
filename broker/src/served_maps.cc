#include "served_maps.h"

#include <errno.h>
#include <sys/stat.h>

#include "log.h"

namespace schedhint::broker {
namespace {

ino_t PinInode(const std::string& path) {
  struct stat pin;
  return stat(path.c_str(), &pin) == 0 ? pin.st_ino : 0;
}

// Opens the map that the pin leads to now, unless that one is open already. Closes the old one if
// the pin leads to another map or is gone.
void LookAt(ServedMap* served) {
  Descriptor fd(OpenPinnedMap(served->path.c_str()));
  MapInfo info;
  int error = fd.get() < 0 ? fd.get() : ReadMapInfo(fd.get(), &info);
  if (error == 0) {
    served->pin = PinInode(served->path);
    if (served->map != nullptr && served->map->info.id == info.id) return;
    served->map = std::make_shared<const OpenMap>(OpenMap{std::move(fd), info});
  } else if (served->map == nullptr || PinInode(served->path) != served->pin) {
    served->map = nullptr;
  }
  // Otherwise the pin is there but can't be opened, or not now: what is open goes on working.
  served->error = error;
}

}  // namespace

ServedMaps::ServedMaps(const std::vector<std::string>& paths) {
  for (const std::string& path : paths) maps_.push_back({path, nullptr, -ENOENT, 0});
}

const ServedMap* ServedMaps::Find(const std::string& path) const {
  for (const ServedMap& served : maps_) {
    if (served.path == path) return &served;
  }
  return nullptr;
}

void ServedMaps::Look(const std::function<void(const ServedMap&)>& changed) {
  for (ServedMap& served : maps_) {
    auto before = served.map;
    int error_before = served.error;
    LookAt(&served);
    if (served.error != 0 && served.error != error_before) {
      LogOwn("warning", Format("event=map-not-opened map=%s error=%s", Quoted(served.path).c_str(),
                               ErrnoName(served.error).c_str()));
    }
    if (served.map == before) continue;
    LogOwn("info", Format("event=map map=%s id=%u", Quoted(served.path).c_str(),
                          served.map == nullptr ? 0 : served.map->info.id));
    changed(served);
  }
}

std::vector<std::string> ServedMaps::Paths() const {
  std::vector<std::string> paths;
  for (const ServedMap& served : maps_) paths.push_back(served.path);
  return paths;
}

}  // namespace schedhint::broker
