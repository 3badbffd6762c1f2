/* SPDX-License-Identifier: MIT OR BSD-2-Clause OR GPL-2.0 */
/* The two kinds of JSON string that the reader prints. */
#ifndef JSON_H
#define JSON_H

#include <stdio.h>

/* Names and logs: what is not plain ASCII is escaped byte for byte. */
static inline void json_string(const char* text) {
  putchar('"');
  for (const unsigned char* s = (const unsigned char*)text; *s; s++) {
    if (*s < 0x20 || *s >= 0x7f)
      printf("\\u%04x", *s);
    else if (*s == '"' || *s == '\\')
      printf("\\%c", *s);
    else
      putchar(*s);
  }
  putchar('"');
}

static inline void json_hex(const unsigned char* bytes, size_t size) {
  static const char digit[] = "0123456789abcdef";

  putchar('"');
  for (size_t i = 0; i < size; i++) {
    putchar(digit[bytes[i] >> 4]);
    putchar(digit[bytes[i] & 15]);
  }
  putchar('"');
}

#endif /* JSON_H */
