/* Prints what each line of stdin is, as a request. Each is read from memory that ends with it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../scheduler/stats_request.h"

int main(void) {
  static const char* const names[] = {"stats", "meta", "target", "unknown", "broken"};
  char *line = NULL, *exact;
  size_t size = 0;
  ssize_t length;

  while ((length = getline(&line, &size, stdin)) > 0) {
    if (line[length - 1] == '\n') length--;
    exact = malloc(length ? length : 1);
    memcpy(exact, line, length);
    puts(names[stats_request_read(exact, length)]);
    free(exact);
  }
  free(line);
  return 0;
}
