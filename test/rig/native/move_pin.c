// Moves a pin away at an exact moment: just before the process looks at its path for the N-th time.
// Preloaded by pin-moved.test.ts. PIN_TO_MOVE names the pin, MOVE_AT_LOOK is N. A file PIN_MOVED is
// made when it is done.

#define _GNU_SOURCE
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "real_syscall.h"

static atomic_int looks;

static void move(const char* pin) {
  char away[4096];
  snprintf(away, sizeof(away), "%s-away", pin);
  if (rename(pin, away) != 0) abort();
  int done = open(getenv("PIN_MOVED"), O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
  if (done < 0) abort();
  close(done);
}

long syscall(long number, ...) {
  long arguments[6];

  READ_ARGUMENTS(number, arguments);
  const char* pin = getenv("PIN_TO_MOVE");
  if (number == SYS_newfstatat && pin && strcmp((const char*)arguments[1], pin) == 0 &&
      atomic_fetch_add(&looks, 1) + 1 == atoi(getenv("MOVE_AT_LOOK"))) {
    move(pin);
  }
  return real_syscall(number, arguments);
}
