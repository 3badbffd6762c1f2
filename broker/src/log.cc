#include "log.h"

#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "monotonic_clock.h"

namespace schedhint::broker {
namespace {

constexpr uint64_t kSecond = 1000000000;
constexpr uint64_t kAtOnce = 64;
constexpr uint64_t kLineCost = kSecond / 4;

uint64_t paid_until = 0;  // the bucket is full when this is kAtOnce lines ago
uint64_t suppressed = 0;

// False: nobody takes it now, and clients must not wait for the journal.
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

void LogClient(const std::string& line) {
  uint64_t now = MonotonicNow(0);
  if (now + kAtOnce * kLineCost < paid_until + kLineCost) {
    suppressed++;
    return;
  }
  paid_until = (paid_until > now ? paid_until : now) + kLineCost;
  if (suppressed > 0 && Print(Format("level=warning event=suppressed lines=%ju",
                                     static_cast<uintmax_t>(suppressed)))) {
    suppressed = 0;
  }
  if (!Print("level=warning " + line)) suppressed++;
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
