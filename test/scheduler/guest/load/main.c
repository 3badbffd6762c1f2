/*
 * Runs groups of tasks together for a while, and prints what each of them had: CPU time, work done,
 * how late it woke up.
 *
 * load [--ms N] [--warm-ms N] [--seed N] [--pin PATH] [--kernel-threads LIES] GROUP...
 *
 * GROUP: see groups.c. --warm-ms: before what is measured. --kernel-threads: says this of all
 * kernel threads. It is a real-time task itself, so that no scheduler under test decides when it
 * measures.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <limits.h>
#include <linux/futex.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "load.h"

struct run* run;
static unsigned ms = 1000, warm_ms = 300;
static struct group kernel_threads;

uint64_t now_ns(void) {
  struct timespec now;

  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * 1000000000ULL + now.tv_nsec;
}

void fail(const char* what) {
  fprintf(stderr, "load: %s: %s\n", what, strerror(errno));
  _exit(1);
}

static void sleep_ms(unsigned time) {
  struct timespec rest = {time / 1000, time % 1000 * 1000000};

  while (nanosleep(&rest, &rest) && errno == EINTR);
}

static void read_options(int argc, char** argv) {
  static const struct option known[] = {{"ms", required_argument, NULL, 'm'},
                                        {"warm-ms", required_argument, NULL, 'w'},
                                        {"seed", required_argument, NULL, 's'},
                                        {"pin", required_argument, NULL, 'p'},
                                        {"kernel-threads", required_argument, NULL, 'k'},
                                        {NULL, 0, NULL, 0}};
  char text[128];
  int option;

  while ((option = getopt_long(argc, argv, "", known, NULL)) != -1) {
    if (option == 'm') ms = atoi(optarg);
    if (option == 'w') warm_ms = atoi(optarg);
    if (option == 's') run->seed = atoi(optarg);
    if (option == 'p') open_map(optarg);
    if (option == 'k') {
      snprintf(text, sizeof(text), "name=kernel,lies=%s", optarg);
      read_group(&kernel_threads, text);
    }
    if (option == '?') exit(2);
  }
  for (; optind < argc && run->groups < MAX_GROUPS; optind++)
    read_group(&run->group[run->groups++], argv[optind]);
  if (optind < argc || !run->groups) {
    fprintf(stderr, "load: from 1 to %d groups\n", MAX_GROUPS);
    exit(2);
  }
}

static void enter_cgroup(const struct group* group, int process) {
  char path[PATH_MAX], line[16];
  int file, length = snprintf(line, sizeof(line), "%d", group->pid[process]);

  if (!*group->cgroup) return;
  if (group->processes > 1)
    snprintf(path, sizeof(path), "/sys/fs/cgroup/%s/%d/cgroup.procs", group->cgroup, process);
  else
    snprintf(path, sizeof(path), "/sys/fs/cgroup/%s/cgroup.procs", group->cgroup);
  file = open(path, O_WRONLY);
  if (file < 0 || write(file, line, length) != length) fail(path);
  close(file);
}

/* All are there before one begins, and enter their cgroups then: one with a small limit would keep
 * them from it. */
static void start_all(void) {
  unsigned tasks = 0;

  for (int g = 0; g < run->groups; g++) {
    struct group* group = &run->group[g];

    tasks += group->count;
    for (int p = 0; p < group->processes; p++) {
      pid_t child = fork();

      if (child < 0) fail("fork");
      if (!child) run_process(group, p);
      group->pid[p] = child;
    }
  }
  while (__atomic_load_n(&run->ready, __ATOMIC_SEQ_CST) < tasks) {
    if (waitpid(-1, NULL, WNOHANG) > 0) fail("a process of the load ended");
    sleep_ms(1);
  }
  for (int g = 0; g < run->groups; g++)
    for (int p = 0; p < run->group[g].processes; p++) enter_cgroup(&run->group[g], p);
  if (kernel_threads.lies) bind_kernel_threads(&kernel_threads);
  __atomic_store_n(&run->go, 1, __ATOMIC_RELEASE);
  syscall(SYS_futex, &run->go, FUTEX_WAKE, INT_MAX, NULL, NULL, 0);
}

/* Returns how long it took until all were gone. */
static uint64_t end_all(void) {
  uint64_t begun = now_ns();

  for (int g = 0; g < run->groups; g++)
    for (int p = 0; p < run->group[g].processes; p++) kill(run->group[g].pid[p], SIGKILL);
  while (waitpid(-1, NULL, 0) > 0);
  return now_ns() - begun;
}

int main(int argc, char** argv) {
  struct sched_param real_time = {.sched_priority = 50};

  run = mmap(NULL, sizeof(*run), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (run == MAP_FAILED) fail("mmap");
  run->map = -1;
  run->seed = 1;
  read_options(argc, argv);
  if (sched_setscheduler(0, SCHED_FIFO, &real_time)) fail("sched_setscheduler");
  start_all();
  sleep_ms(warm_ms);
  begin_measuring();
  sleep_ms(ms);
  end_measuring();
  report(end_all());
  return 0;
}
