// SPDX-License-Identifier: MIT OR BSD-2-Clause OR GPL-2.0
/* The maps that clients look for: found again, or pinned, and taken away. */
#include <schedhint/schedhint.h>

#include "scheduler.h"

#define TLD_VALUE_SIZE 24 /* of the layout that tld.h reads */

static bool find(struct pins* pins, const char* map, const char* path, unsigned value_size) {
  pins->each[pins->count].map = map;
  return pin_find(&pins->each[pins->count++].pin, path, value_size);
}

bool pins_find(struct pins* pins, const struct options* options) {
  *pins = (struct pins){0};
  return find(pins, "schedhint", options->pin, sizeof(struct schedhint_value)) &&
         (!options->tld || find(pins, "tld_data_map", options->tld, TLD_VALUE_SIZE));
}

bool pins_create(struct pins* pins, const struct programs* programs, mode_t mode) {
  for (int i = 0; i < pins->count; i++) {
    struct pin* pin = &pins->each[i].pin;

    if (pin->reused) continue;
    if (!pin_create(pin, programs_map_fd(programs, pins->each[i].map), mode)) return false;
    pins->each[i].made = true;
  }
  return true;
}

bool pins_remove(const struct pins* pins) {
  bool good = true;

  for (int i = 0; i < pins->count; i++)
    if (pins->each[i].made) good = pin_remove(&pins->each[i].pin) && good;
  return good;
}
