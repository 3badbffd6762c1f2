// Takes every inotify instance that its user may have. Argument: the user's id. Prints
// {"instances":n} and keeps them until stdin ends.

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/inotify.h>
#include <sys/resource.h>
#include <unistd.h>

int main(int argc, char** argv) {
  struct rlimit descriptors;
  int held = 0;
  char end;

  if (argc != 2) return 2;
  getrlimit(RLIMIT_NOFILE, &descriptors);
  descriptors.rlim_cur = descriptors.rlim_max;
  setrlimit(RLIMIT_NOFILE, &descriptors);
  if (setuid((uid_t)atoi(argv[1]))) {
    perror("hold_inotify: setuid");
    return 1;
  }
  while (inotify_init1(IN_CLOEXEC) >= 0) held++;
  if (errno != EMFILE) {
    perror("hold_inotify: inotify_init1");
    return 1;
  }
  printf("{\"instances\":%d}\n", held);
  fflush(stdout);
  while (read(STDIN_FILENO, &end, 1) > 0) {
  }
  return 0;
}
