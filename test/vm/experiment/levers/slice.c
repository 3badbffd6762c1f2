/*
 * Gives a thread its own slice under the kernel's default scheduler (EEVDF, Linux 6.12 and newer),
 * as everybody may for their own threads: slice TID NS. 0: the usual one. Prints the slice that the
 * kernel has then.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

struct attributes { /* struct sched_attr, as of Linux 4.0 */
  unsigned int size, policy;
  unsigned long long flags;
  int nice;
  unsigned int priority;
  unsigned long long runtime, deadline, period;
};

int main(int argc, char** argv) {
  struct attributes attributes = {.size = sizeof(attributes)};
  int tid = argc == 3 ? atoi(argv[1]) : 0;

  if (!tid) return 2;
  attributes.runtime = strtoull(argv[2], NULL, 10);
  if (syscall(SYS_sched_setattr, tid, &attributes, 0) ||
      syscall(SYS_sched_getattr, tid, &attributes, sizeof(attributes), 0)) {
    fprintf(stderr, "slice: %s\n", strerror(errno));
    return 1;
  }
  printf("%llu\n", attributes.runtime);
  return 0;
}
