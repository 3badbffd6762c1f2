/* complain() for the programs here: on stderr, without a program's name. */
#include <stdarg.h>
#include <stdio.h>

#include "../../observer/pin.h"

void complain(const char* format, ...) {
  va_list arguments;

  va_start(arguments, format);
  vfprintf(stderr, format, arguments);
  fputc('\n', stderr);
  va_end(arguments);
}
