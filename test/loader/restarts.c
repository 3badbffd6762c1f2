/* Asks for a restart at each time that is an argument, in milliseconds, and prints whether it may
 * be, as a JSON list. */
#include "../../scheduler/restarts.h"

#include <stdio.h>
#include <stdlib.h>

int main(int argc, char** argv) {
  struct restarts restarts = {0};

  for (int i = 1; i < argc; i++)
    printf("%c%s", i == 1 ? '[' : ',',
           may_restart(&restarts, strtoull(argv[i], NULL, 10)) ? "true" : "false");
  puts("]");
  return 0;
}
