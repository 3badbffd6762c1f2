#include "registry/helper_search.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "registry/helper_names.h"

namespace schedhint {
namespace {

constexpr uint64_t kSecond = 1000000000;
constexpr uint64_t kLookAtLeastEvery = 60 * kSecond;
constexpr const char* kTasks = "/proc/self/task";

// Of a thread that may have ended: then empty.
void ReadName(int tasks_fd, pid_t tid, char (&name)[32]) {
  char path[32];
  std::snprintf(path, sizeof(path), "%d/comm", tid);
  int fd = openat(tasks_fd, path, O_RDONLY | O_CLOEXEC);
  ssize_t length = fd < 0 ? 0 : read(fd, name, sizeof(name) - 1);
  if (fd >= 0) close(fd);
  name[length < 0 ? 0 : length] = '\0';
  name[std::strcspn(name, "\n")] = '\0';
}

}  // namespace

bool HelperSearch::Look(uint64_t now_ns, std::vector<HelperThread>* found) {
  if (!IsDue(now_ns)) return false;
  DIR* tasks = opendir(kTasks);
  if (tasks == nullptr) return false;  // no /proc, or no descriptor: perhaps next time
  while (dirent* task = readdir(tasks)) {
    pid_t tid = static_cast<pid_t>(std::strtol(task->d_name, nullptr, 10));
    if (tid == 0) continue;
    char name[32];
    ReadName(dirfd(tasks), tid, name);
    if (auto kind = KindByName(name)) found->push_back({tid, *kind});
  }
  closedir(tasks);
  looked_ns_ = now_ns;
  return true;
}

// Not while the app starts. The directory has one link more for each thread.
bool HelperSearch::IsDue(uint64_t now_ns) {
  if (begun_ns_ == 0) begun_ns_ = now_ns;
  if (now_ns < begun_ns_ + kSecond || now_ns < looked_ns_ + kSecond / 2) return false;
  struct stat tasks;
  if (stat(kTasks, &tasks) != 0) return false;
  bool has_changed = tasks.st_nlink != threads_;
  bool is_due = has_changed || must_repeat_ || now_ns >= looked_ns_ + kLookAtLeastEvery;
  must_repeat_ = has_changed;
  threads_ = tasks.st_nlink;
  return is_due;
}

}  // namespace schedhint
