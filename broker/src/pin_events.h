#pragma once
// Reports that pins may have come, gone, or been replaced.
//
// By inotify on the directory of each pin, or on the nearest parent that exists, and by
// /proc/self/mountinfo, since a mount over a watched directory makes no inotify event. Where one of
// them are unavailable (instances exhausted, no procfs), only a regular look will find out.

#include <string>
#include <vector>

namespace schedhint {

class PinEvents {
 public:
  void Open();
  // Forgets the events so far. Watches must stand before the pins are looked at, or a change in
  // between would be lost.
  void Watch(const std::vector<std::string>& pins);
  // Whether something may happen that neither descriptor reports.
  bool must_look_regularly() const { return must_look_regularly_; }

  // To poll: for POLLIN, and for POLLPRI. Either may be -1; the first is there once Watch() was
  // called.
  int inotify_fd() const { return inotify_fd_; }
  int mounts_fd() const { return mounts_fd_; }

 private:
  void PlaceWatch(const std::string& pin);

  int inotify_fd_ = -1;
  int mounts_fd_ = -1;
  std::vector<int> watches_;
  bool must_look_regularly_ = false;
};

}  // namespace schedhint
