/* SPDX-License-Identifier: MIT OR BSD-2-Clause OR GPL-2.0 */
/* The pinned map of hints, as a loader makes, finds again and removes it. */
#ifndef PIN_H
#define PIN_H

#include <linux/types.h>
#include <stdbool.h>
#include <sys/types.h>

/* The program's own: its name, ": " and the message, to stderr. */
__attribute__((format(printf, 1, 2))) void complain(const char* format, ...);

struct pin {
  const char* path;
  int map_fd;
  __u32 map_id;
  bool reused;
  int error; /* errno with which opening it failed */
};
#define PIN_VALUE_MAX 64
/* A compatible map that is pinned already goes to map_fd; -1 there: none is. False: complained.
 * `value_size`: of a map whose values begin with two user pointers. */
bool pin_find(struct pin* pin, const char* path, unsigned value_size);
/* `mode`: of the pin; 0: as the kernel made it, 0600. */
bool pin_create(struct pin* pin, int map_fd, mode_t mode);
bool pin_remove(const struct pin* pin);

#endif /* PIN_H */
