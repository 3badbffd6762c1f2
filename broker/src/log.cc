#include "log.h"

#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <algorithm>
#include <map>

#include "kernel/monotonic_clock.h"

namespace schedhint::broker {
namespace {

constexpr uint64_t kSecond = 1000000000;
constexpr uint64_t kAtOnce = 16;
constexpr uint64_t kLineCost = kSecond;
constexpr size_t kBuckets = 1024;
constexpr uint32_t kOthers = UINT32_MAX;  // no user has this id

// Limits the lines of one user: a token bucket.
struct Bucket {
  uint64_t paid_until = 0;  // it is full when this is kAtOnce lines ago
  uint64_t suppressed = 0;
};

Bucket* BucketOf(uint32_t uid, uint64_t now) {
  static std::map<uint32_t, Bucket> buckets;
  if (buckets.size() >= kBuckets && buckets.count(uid) == 0) {
    for (auto bucket = buckets.begin(); bucket != buckets.end();) {
      bool is_idle = bucket->second.paid_until <= now && bucket->second.suppressed == 0;
      bucket = is_idle ? buckets.erase(bucket) : std::next(bucket);
    }
    if (buckets.size() >= kBuckets) uid = kOthers;
  }
  return &buckets[uid];
}

// False: it cannot be written now, and clients must not wait for the journal.
bool Print(const std::string& line) {
  pollfd log = {STDERR_FILENO, POLLOUT, 0};
  if (poll(&log, 1, 0) != 1) return false;
  std::string whole = line + '\n';
  return write(STDERR_FILENO, whole.data(), whole.size()) > 0;
}

}  // namespace

void LogOwn(const char* level, const std::string& line) {
  Print(std::string("level=") + level + " " + line);
}

void LogClient(uint32_t uid, const std::string& line) {
  uint64_t now = MonotonicNow(0);
  Bucket* bucket = BucketOf(uid, now);
  if (now + kAtOnce * kLineCost < bucket->paid_until + kLineCost) {
    bucket->suppressed++;
    return;
  }
  bucket->paid_until = std::max(bucket->paid_until, now) + kLineCost;
  if (bucket->suppressed > 0 && Print(Format("level=warning event=suppressed uid=%u lines=%ju", uid,
                                             static_cast<uintmax_t>(bucket->suppressed)))) {
    bucket->suppressed = 0;
  }
  if (!Print("level=warning " + line)) bucket->suppressed++;
}

std::string Format(const char* format, ...) {
  char text[1024];
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(text, sizeof(text), format, arguments);
  va_end(arguments);
  return text;
}

std::string Quoted(const std::string& text) {
  std::string quoted = "\"";
  for (unsigned char byte : text) {
    if (byte == '"' || byte == '\\') {
      quoted += {'\\', static_cast<char>(byte)};
    } else if (byte < 0x20 || byte >= 0x7f) {
      quoted += Format("\\x%02x", byte);
    } else {
      quoted += static_cast<char>(byte);
    }
  }
  return quoted + '"';
}

std::string ErrnoName(int error) {
  int positive = error < 0 ? -error : error;
  const char* name = strerrorname_np(positive);
  return name != nullptr ? name : std::to_string(positive);
}

}  // namespace schedhint::broker
