// SPDX-License-Identifier: MIT OR BSD-2-Clause OR GPL-2.0
/*
 * Reads a request of scx_stats' protocol: JSON, but only objects of strings, which is all that a
 * request can have. Nothing is copied and nothing allocated.
 */
#include "stats_request.h"

#include <stdbool.h>
#include <string.h>

struct text {
  const char* at;
  const char* end;
};

/* What stands between two quotes. One with an escape equals no word that we know. */
struct string {
  const char* start;
  size_t length;
  bool escaped;
};

static bool equals(const struct string* string, const char* word) {
  return !string->escaped && string->length == strlen(word) &&
         !memcmp(string->start, word, string->length);
}

static void skip_space(struct text* text) {
  while (text->at < text->end && *text->at && strchr(" \t\r\n", *text->at)) text->at++;
}

/* Takes this character, with the space before it, if it comes next. */
static bool take(struct text* text, char character) {
  skip_space(text);
  if (text->at == text->end || *text->at != character) return false;
  text->at++;
  return true;
}

static bool is_hex(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

/* What may follow a backslash. */
static bool take_escape(struct text* text) {
  if (text->at == text->end || !*text->at) return false;
  if (*text->at != 'u') return strchr("\"\\/bfnrt", *text->at++);
  text->at++;
  for (int digit = 0; digit < 4; digit++)
    if (text->at == text->end || !is_hex(*text->at++)) return false;
  return true;
}

static bool take_string(struct text* text, struct string* string) {
  if (!take(text, '"')) return false;
  *string = (struct string){.start = text->at};
  while (text->at < text->end) {
    char c = *text->at++;

    if (c == '"') {
      string->length = text->at - 1 - string->start;
      return true;
    }
    if ((unsigned char)c < ' ') return false;
    if (c != '\\') continue;
    string->escaped = true;
    if (!take_escape(text)) return false;
  }
  return false;
}

/* "name": */
static bool take_name(struct text* text, struct string* name) {
  return take_string(text, name) && take(text, ':');
}

/* {"name":"value",...}; `other_target` if "target" is there and is not "top". */
static bool take_arguments(struct text* text, bool* other_target) {
  struct string name, value;

  if (!take(text, '{')) return false;
  if (take(text, '}')) return true;
  do {
    if (!take_name(text, &name) || !take_string(text, &value)) return false;
    if (equals(&name, "target")) *other_target = !equals(&value, "top");
  } while (take(text, ','));
  return take(text, '}');
}

static enum stats_request meaning_of(const struct string* command, bool other_target) {
  if (equals(command, "stats_meta")) return STATS_REQUEST_META;
  if (!equals(command, "stats")) return STATS_REQUEST_UNKNOWN;
  return other_target ? STATS_REQUEST_TARGET : STATS_REQUEST_STATS;
}

enum stats_request stats_request_read(const char* line, size_t length) {
  struct text text = {line, line + length};
  bool has_command = false, has_arguments = false, other_target = false;
  struct string name, command = {0};

  if (!take(&text, '{')) return STATS_REQUEST_BROKEN;
  do {
    if (!take_name(&text, &name)) return STATS_REQUEST_BROKEN;
    if (equals(&name, "req") && !has_command) {
      has_command = take_string(&text, &command);
      if (!has_command) return STATS_REQUEST_BROKEN;
    } else if (equals(&name, "args") && !has_arguments) {
      has_arguments = take_arguments(&text, &other_target);
      if (!has_arguments) return STATS_REQUEST_BROKEN;
    } else {
      return STATS_REQUEST_BROKEN;
    }
  } while (take(&text, ','));
  if (!take(&text, '}')) return STATS_REQUEST_BROKEN;
  skip_space(&text);
  return text.at == text.end && has_command ? meaning_of(&command, other_target)
                                            : STATS_REQUEST_BROKEN;
}
