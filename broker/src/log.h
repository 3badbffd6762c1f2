#pragma once
// One line an event on stderr, `key=value`, for journald. What clients cause is limited: an
// attacker must not fill the journal. A line that stderr does not take immediately is dropped.

#include <cstdint>
#include <string>

namespace schedhint::broker {

// Of the broker's own doing.
void LogOwn(const char* level, const std::string& line);
// Caused by a client: of one user at most 16 in a burst and one a second, and then their count.
// What one user does hides nothing of another's.
void LogClient(uint32_t uid, const std::string& line);

std::string Format(const char* format, ...) __attribute__((format(printf, 1, 2)));
// In double quotes, with what a terminal or a parser could stumble on escaped.
std::string Quoted(const std::string& text);
// EPERM for 1 or -1.
std::string ErrnoName(int error);

}  // namespace schedhint::broker
