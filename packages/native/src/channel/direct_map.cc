#include "channel/direct_map.h"

#include <errno.h>
#include <sys/stat.h>

#include "kernel/bpf_syscall.h"

namespace schedhint {

schedhint_status DirectMap::Open(const std::string& path, const Check& check,
                                 const std::function<bool(uint32_t)>& is_used) {
  int fd = OpenPinnedMap(path.c_str());
  if (fd < 0) return Failed(SCHEDHINT_STEP_OPEN_MAP, fd);
  MapInfo info;
  schedhint_status status = check(fd, &info);
  if (status.step == SCHEDHINT_STEP_NONE && is_used(info.id)) {
    status = Failed(SCHEDHINT_STEP_OTHER_LAYOUT, 0);
  }
  if (status.step != SCHEDHINT_STEP_NONE) {
    CloseDescriptor(fd);
    return status;
  }
  map_ = HeldMap(new OpenMap(fd, info.id));
  value_size_ = info.value_size;
  struct stat pin;
  pin_inode_ = stat(path.c_str(), &pin) == 0 ? pin.st_ino : 0;
  return {};
}

bool DirectMap::IsPinnedAt(const std::vector<std::string>& paths) const {
  for (const std::string& path : paths) {
    int fd = OpenPinnedMap(path.c_str());
    if (fd >= 0) {
      MapInfo info;
      bool same = ReadMapInfo(fd, &info) != 0 || info.id == id();
      CloseDescriptor(fd);
      if (same) return true;
    } else if (fd != -ENOENT && fd != -ENOTDIR) {
      // It can't be opened any more, or not now (no descriptor, no memory). What we have open goes
      // on working as long as the same pin is there.
      struct stat pin;
      if (stat(path.c_str(), &pin) != 0 ? errno != ENOENT : pin.st_ino == pin_inode_) return true;
    }
  }
  return false;
}

schedhint_status DirectMap::Update(const HeldThreadKey& thread, const std::vector<uint8_t>& value,
                                   If there) {
  int key = thread->Descriptor();
  if (key < 0) return Failed(SCHEDHINT_STEP_OPEN_THREAD, key);
  bool may_replace = there == If::kAny;
  int error = UpdateElement(descriptor(), key, value.data(), may_replace);
  return error < 0 ? Failed(SCHEDHINT_STEP_UPDATE, error) : schedhint_status{};
}

void DirectMap::Delete(const HeldThreadKey& thread, const Element& element) {
  int error = DeleteIn(map_, thread);
  if (error != 0) undeleted_->Add(map_, thread, element, error);
}

}  // namespace schedhint
