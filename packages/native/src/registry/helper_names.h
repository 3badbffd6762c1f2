#pragma once
// Finds out what a thread is by its name, in the versions of Node.js that name their threads.

#include <cstring>
#include <optional>

#include "channel/helper_thread.h"

namespace schedhint {

// The names are those of /proc/self/task/TID/comm, without the line's end: V8's workers since
// Node.js 24, libuv's pool since libuv 1.50 (Node.js 22).
inline std::optional<HelperThread::Kind> KindByName(const char* name) {
  if (std::strcmp(name, "V8Worker") == 0 || std::strcmp(name, "node-V8Worker") == 0) {
    return HelperThread::Kind::kCollector;
  }
  if (std::strcmp(name, "libuv-worker") == 0) return HelperThread::Kind::kPool;
  return std::nullopt;
}

}  // namespace schedhint
