/* SPDX-License-Identifier: MIT OR BSD-2-Clause OR GPL-2.0 */
/* Opens, creates and removes the pinned map of hints in a bpffs. The observer and the scheduler
 * share it. On failure the functions print the reason with complain(), which each program defines,
 * and return false. */
#ifndef PIN_H
#define PIN_H

#include <linux/types.h>
#include <stdbool.h>
#include <sys/types.h>

/* Defined by each program: prints its name, ": " and the message to stderr. */
__attribute__((format(printf, 1, 2))) void complain(const char* format, ...);

struct pin {
  const char* path;
  int map_fd;
  __u32 map_id;
  bool reused;
  int error; /* errno with which opening it failed */
};
#define PIN_VALUE_MAX 64
/* Who may write the pin. */
struct pin_access {
  mode_t mode; /* 0: 0660 for a group, else as it is; a new one has 0600 */
  gid_t group; /* PIN_NO_GROUP: as it is */
};
#define PIN_NO_GROUP ((gid_t) - 1)
/* Opens a pin that exists, gives it that access, and warns as pin_create() does. True with map_fd
 * -1 if there is no pin; false if it cannot be opened or is not compatible. `value_size`: of a map
 * whose values begin with two user pointers. Without `trust` a pin that strangers may write is
 * refused: they may set the hints of any thread. */
bool pin_find(struct pin* pin, const char* path, unsigned value_size, bool trust,
              const struct pin_access* access);
/* Warns if every user may write it, and if its group cannot reach it. */
bool pin_create(struct pin* pin, int map_fd, const struct pin_access* access);
bool pin_remove(const struct pin* pin);

#endif /* PIN_H */
