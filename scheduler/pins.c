// SPDX-License-Identifier: MIT OR BSD-2-Clause OR GPL-2.0
/* The maps that clients look for: found again, or pinned, and taken away. */
#include <schedhint/schedhint.h>

#include "scheduler.h"

#define TLD_VALUE_SIZE 24 /* of the layout that tld.h reads */

static bool find(struct pins* pins, const char* map, const char* path, unsigned value_size,
                 bool trust) {
  pins->each[pins->count].map = map;
  return pin_find(&pins->each[pins->count++].pin, path, value_size, trust);
}

bool pins_find(struct pins* pins, const struct options* options) {
  bool trust = options->trust_pin;

  *pins = (struct pins){0};
  return find(pins, "schedhint", options->pin, sizeof(struct schedhint_value), trust) &&
         (!options->tld || find(pins, "tld_data_map", options->tld, TLD_VALUE_SIZE, trust));
}

bool pins_create(struct pins* pins, const struct programs* programs,
                 const struct pin_access* access) {
  for (int i = 0; i < pins->count; i++) {
    struct pin* pin = &pins->each[i].pin;

    if (pin->reused) continue;
    if (!pin_create(pin, programs_map_fd(programs, pins->each[i].map), access)) return false;
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
