/* SPDX-License-Identifier: MIT OR BSD-2-Clause OR GPL-2.0 */
/* What the files of the scheduler's user-space half use of each other. */
#ifndef SCHEDULER_H
#define SCHEDULER_H

#include <linux/types.h>
#include <stdbool.h>
#include <sys/types.h>

#include "../observer/pin.h"
#include "settings.h"

struct options {
  const char* pin;
  const char* tld;          /* pin of the map of task local data; NULL: none is read */
  struct pin_access access; /* to the pins */
  bool trust_pin;
  const char* object; /* scx_schedhint.bpf.o */
  struct settings settings;
  int interval_ms; /* between two reports; 0: only the last */
  bool json;
  bool keep_pin;
};

/* options.c. Ends the program if they cannot be understood, or ask for help. */
void read_options(struct options* options, int argc, char** argv);
extern const char* const hint_names[];

struct programs;

/* pins.c: the maps that clients look for. */
struct pins {
  int count;
  struct {
    const char* map; /* its name in the object */
    struct pin pin;
    bool made;
  } each[2];
};
bool pins_find(struct pins* pins, const struct options* options);
bool pins_create(struct pins* pins, const struct programs* programs,
                 const struct pin_access* access);
bool pins_remove(const struct pins* pins);

/* programs.c */
/* `pins`: of the maps that are reused, if they are there. */
struct programs* programs_load(const struct options* options, const struct pins* pins);
/* From here on the scheduler has all CPUs, until it is detached or this process ends, however. */
bool programs_attach(struct programs* programs);
void programs_detach(struct programs* programs);
void programs_free(struct programs* programs);
int programs_map_fd(const struct programs* programs, const char* name);
/* Has the kernel ended the scheduler? */
bool programs_ended(const struct programs* programs, struct ending* ending);

/* report.c: lines on stdout. False: stdout is gone. */
bool report_ready(const struct pin* pin, const struct options* options);
bool report_statistics(const struct options* options, const struct programs* programs, bool final);

#endif /* SCHEDULER_H */
