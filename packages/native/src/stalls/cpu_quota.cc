#include "stalls/cpu_quota.h"

#include <cstdlib>
#include <cstring>

namespace schedhint {
namespace {

// The number behind a name at the start of a line; 0: it is not there.
uint64_t NumberOf(const char* text, const char* name) {
  size_t length = std::strlen(name);
  for (const char* line = text; line != nullptr; line = std::strchr(line, '\n')) {
    if (*line == '\n') line++;
    if (std::strncmp(line, name, length) == 0 && line[length] == ' ') {
      return std::strtoull(line + length, nullptr, 10);
    }
  }
  return 0;
}

}  // namespace

void CpuQuota::Open(const char* paths) {
  groups_.clear();
  for (const char* path = paths; *path != '\0'; path += std::strlen(path) + 1) {
    ProcFile file(path);
    if (file.is_open()) groups_.push_back({static_cast<ProcFile&&>(file), {}});
  }
  ReadAll();
}

Throttling CpuQuota::ReadGroups(bool all) {
  Throttling sum;
  for (Group& group : groups_) {
    char text[1024];
    if ((all || group.last.periods > 0) && group.file.Read(text)) {
      group.last.periods = NumberOf(text, "nr_periods");
      group.last.throttled_periods = NumberOf(text, "nr_throttled");
      // Of version 1 in ns, of version 2 in us.
      group.last.ns = NumberOf(text, "throttled_time") + 1000 * NumberOf(text, "throttled_usec");
    }
    sum.ns += group.last.ns;
    sum.periods += group.last.periods;
    sum.throttled_periods += group.last.throttled_periods;
  }
  return sum;
}

}  // namespace schedhint
