/*
 * Changes tasks and the machine at random for a while, as a real-time task on CPU 0, and prints as
 * JSON how often each change was made.
 *
 * churn SECONDS SEED PIN
 */
#define _GNU_SOURCE
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysinfo.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "churn.h"

uint64_t random_state;
int cpus, children;
pid_t child[MAX_CHILDREN];
static const char* pin;
static const char* volatile doing = "nothing";

void fail(const char* what) {
  fprintf(stderr, "churn: %s: %s\n", what, strerror(errno));
  _exit(1);
}

/* Each 20 s, so that what hangs has a name. */
static void on_alarm(int signal) {
  (void)signal;
  dprintf(2, "churn: %s\n", doing);
  alarm(20);
}

void sleep_ms(unsigned ms) {
  struct timespec rest = {ms / 1000, ms % 1000 * 1000000};

  while (nanosleep(&rest, &rest) && errno == EINTR);
}

void start_child(int i) {
  unsigned seed = below(1 << 30);
  pid_t pid = fork();

  if (pid < 0) fail("fork");
  if (!pid) {
    struct sched_param none = {0};
    cpu_set_t all;

    CPU_ZERO(&all);
    for (int cpu = 0; cpu < cpus; cpu++) CPU_SET(cpu, &all);
    sched_setaffinity(0, sizeof(all), &all);
    sched_setscheduler(0, SCHED_OTHER, &none);
    live(seed, pin);
  }
  child[i] = pid;
}

static void make(struct change* change) {
  change->made++;
  doing = change->name;
  if (!change->make()) change->refused++;
  sleep_ms(2 + below(40));
}

static void change_one(void) {
  unsigned sum = 0, at;
  struct change* change = changes;

  for (change = changes; change->name; change++) sum += change->weight;
  at = below(sum);
  for (change = changes; at >= change->weight; change++) at -= change->weight;
  make(change);
}

int main(int argc, char** argv) {
  struct sched_param real_time = {.sched_priority = 60};
  cpu_set_t first;
  time_t end;

  if (argc == 4 && !strcmp(argv[1], "--child")) live(atoi(argv[2]), argv[3]);
  if (argc != 4) return 2;
  cpus = get_nprocs();
  children = 6 * cpus < MAX_CHILDREN ? 6 * cpus : MAX_CHILDREN;
  random_state = atoi(argv[2]) * 0x9e3779b97f4a7c15ULL + 1;
  pin = argv[3];
  CPU_ZERO(&first);
  CPU_SET(0, &first);
  if (sched_setaffinity(0, sizeof(first), &first) || sched_setscheduler(0, SCHED_FIFO, &real_time))
    fail("a real-time task on CPU 0");
  signal(SIGALRM, on_alarm);
  alarm(20);
  make_root();
  for (int i = 0; i < children; i++) start_child(i);
  end = time(NULL) + atoi(argv[1]);
  for (struct change* change = changes; change->name; change++)
    make(change); /* each once, in any case */
  while (time(NULL) < end) change_one();
  for (int i = 0; i < children; i++) kill(child[i], SIGKILL);
  while (wait(NULL) > 0);
  remove_all_cgroups();
  printf("{");
  for (struct change* change = changes; change->name; change++)
    printf("%s\"%s\":[%lu,%lu]", change == changes ? "" : ",", change->name, change->made,
           change->refused);
  printf("}\n");
  return 0;
}
