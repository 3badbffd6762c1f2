/*
 * Threads that want a CPU all of the time, in a process that may say so of itself what is not true:
 * that all of them are inside a pause of the collector. Prints the CPU time that it got, and the
 * longest time that a thread of it waited for a CPU.
 *
 * spinner [--lie] [--threads N] [--seconds N] [--shed none|threads|forks|execs|naps]
 *         [--pulse MS] [--helpers] [--exec] [--until NS] [--urgency N]
 *
 * --shed: how it tries to leave its debts behind. threads: each one ends after a while and starts
 * its successor; forks: each one is a child process that ends after a while; execs: the child
 * starts this program again; naps: of two threads one sleeps while the other works, in turns.
 * --pulse: without a lie, the first thread is in a pause of so many ms every half second.
 * --exec: at the end it starts itself again, bound as it is.
 * --until NS: one life, which ends at this time of CLOCK_MONOTONIC at the latest; -1: when it ends.
 * --urgency: with --lie, each thread says so of itself too.
 * --helpers: only the leader has a block and says that it is in a pause, now and then; the threads
 * have none.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <linux/bpf.h>
#include <pthread.h>
#include <schedhint/schedhint.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define LIFE_MS 200
#define MAX_THREADS 1000

static bool lie, helpers, anew;
static int threads = 1, seconds = 10, pulse_ms, urgency, map_fd = -1;
static __u64 longest_ns; /* between two looks at the clock of one thread */
static const char* shed = "none";
static struct schedhint_thread* blocks;
static struct schedhint_process* process;
static __u64 end_ns;

static __u64 now_ns(void) {
  struct timespec now;

  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * 1000000000ULL + now.tv_nsec;
}

static __u64 used_ns(void) {
  struct timespec used;

  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used);
  return used.tv_sec * 1000000000ULL + used.tv_nsec;
}

/* A life is CPU time: one that ended by the clock while it waited would give its turn away. */
static void live(void) {
  __u64 until = used_ns() + LIFE_MS * 1000000ULL;

  while (used_ns() < until && now_ns() < end_ns);
}

static void fail(const char* what) {
  fprintf(stderr, "spinner: %s: %s\n", what, strerror(errno));
  _exit(1);
}

static void spin_until(__u64 end) {
  __u64 last = now_ns(), now, seen;

  for (; last < end; last = now) {
    now = now_ns();
    seen = __atomic_load_n(&longest_ns, __ATOMIC_RELAXED);
    while (now - last > seen && !__atomic_compare_exchange_n(&longest_ns, &seen, now - last, false,
                                                             __ATOMIC_RELAXED, __ATOMIC_RELAXED));
  }
}

/* Binds the calling thread to a block, and a leader to the process's as well. */
static void bind_block(struct schedhint_thread* block) {
  struct schedhint_value value = {.thread = block, .process = process};
  int tid = syscall(SYS_gettid), pidfd = syscall(SYS_pidfd_open, tid, O_EXCL);
  union bpf_attr attr;

  if (pidfd < 0) fail("pidfd_open");
  memset(&attr, 0, sizeof(attr));
  attr.map_fd = map_fd;
  attr.key = (__u64)(unsigned long)&pidfd;
  attr.value = (__u64)(unsigned long)&value;
  if (syscall(SYS_bpf, BPF_MAP_UPDATE_ELEM, &attr, sizeof(attr))) fail("BPF_MAP_UPDATE_ELEM");
  close(pidfd);
}

static void open_map(const char* pin) {
  union bpf_attr attr;

  memset(&attr, 0, sizeof(attr));
  attr.pathname = (__u64)(unsigned long)pin;
  map_fd = syscall(SYS_bpf, BPF_OBJ_GET, &attr, sizeof(attr));
  if (map_fd < 0) fail(pin);
}

static void make_blocks(void) {
  size_t page = (size_t)getpagesize();
  size_t size = MAX_THREADS * sizeof(*blocks) + page;
  char* pages = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

  if (pages == MAP_FAILED) fail("mmap");
  process = (struct schedhint_process*)pages;
  blocks = (struct schedhint_thread*)(pages + page);
  process->abi = SCHEDHINT_ABI;
}

static void claim(int i) {
  struct schedhint_thread* block = &blocks[i];

  if (!lie) return;
  block->abi = SCHEDHINT_ABI;
  block->gc = SCHEDHINT_GC_MAJOR;
  block->gc_since_ns =
      ~0ULL; /* the latest there is: one that has lasted for too long does not count */
  block->urgency = urgency;
  process->gc_threads = threads;
  bind_block(block);
}

/* Half a second: a pause, and then ordinary work. The block is there for both. */
static void pulses(void) {
  blocks[0].abi = SCHEDHINT_ABI;
  bind_block(&blocks[0]);
  while (now_ns() < end_ns) {
    __u64 start = now_ns();

    process->gc_threads = 1;
    blocks[0].gc_since_ns = start;
    __atomic_store_n(&blocks[0].gc, SCHEDHINT_GC_MAJOR, __ATOMIC_RELEASE);
    spin_until(start + pulse_ms * 1000000ULL);
    __atomic_store_n(&blocks[0].gc, 0, __ATOMIC_RELEASE);
    blocks[0].gc_count++;
    process->gc_threads = 0;
    spin_until(start + 500 * 1000000ULL);
  }
}

static pthread_mutex_t turn = PTHREAD_MUTEX_INITIALIZER;

static void* thread_main(void* argument) {
  int i = (long)argument;
  pthread_t next;

  if (!helpers) claim(i);
  if (!strcmp(shed, "threads")) {
    live();
    if (now_ns() < end_ns) {
      if (pthread_create(&next, NULL, thread_main, argument)) fail("pthread_create");
      pthread_detach(next);
    }
  } else if (!strcmp(shed, "naps")) {
    while (now_ns() < end_ns) {
      pthread_mutex_lock(&turn);
      live();
      pthread_mutex_unlock(&turn);
      usleep(50 * 1000);
    }
  } else {
    spin_until(end_ns);
  }
  return NULL;
}

/* One child after the other, each with its own claim. */
static void* children_main(void* argument) {
  char until[40]; /* without it the last lives would go on after the race */

  snprintf(until, sizeof(until), "--until=%llu", (unsigned long long)end_ns);
  while (now_ns() < end_ns) {
    pid_t child = fork();

    if (child < 0) fail("fork");
    if (!child) {
      make_blocks();
      if (!strcmp(shed, "execs"))
        execl("/proc/self/exe", "spinner", lie ? "--lie" : "--threads=1", until, NULL);
      claim(0);
      live();
      _exit(0);
    }
    waitpid(child, NULL, 0);
  }
  return argument;
}

static void leader_in_pauses(void) {
  blocks[0].abi = SCHEDHINT_ABI;
  bind_block(&blocks[0]);
  while (now_ns() < end_ns) {
    process->gc_threads = 1;
    blocks[0].gc_since_ns = now_ns();
    blocks[0].gc = SCHEDHINT_GC_MAJOR;
    spin_until(now_ns() + 30 * 1000000ULL);
    blocks[0].gc = 0;
    process->gc_threads = 0;
    usleep(200 * 1000);
  }
}

static double cpu_seconds(int who) {
  struct rusage usage;

  getrusage(who, &usage);
  return usage.ru_utime.tv_sec + usage.ru_stime.tv_sec +
         (usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

static void read_options(int argc, char** argv) {
  static const struct option known[] = {
      {"lie", no_argument, NULL, 'l'},           {"threads", required_argument, NULL, 't'},
      {"seconds", required_argument, NULL, 's'}, {"shed", required_argument, NULL, 'S'},
      {"pulse", required_argument, NULL, 'p'},   {"helpers", no_argument, NULL, 'h'},
      {"exec", no_argument, NULL, 'e'},          {"until", required_argument, NULL, 'u'},
      {"urgency", required_argument, NULL, 'U'}, {NULL, 0, NULL, 0},
  };
  int option;

  while ((option = getopt_long(argc, argv, "", known, NULL)) != -1) {
    if (option == 'l') lie = true;
    if (option == 't') threads = atoi(optarg);
    if (option == 's') seconds = atoi(optarg);
    if (option == 'S') shed = optarg;
    if (option == 'p') pulse_ms = atoi(optarg);
    if (option == 'h') helpers = true;
    if (option == 'e') anew = true;
    if (option == 'U') urgency = atoi(optarg);
    if (option == 'u') end_ns = strtoull(optarg, NULL, 10);
    if (option == '?') _exit(2);
  }
  if (threads > MAX_THREADS) threads = MAX_THREADS;
}

int main(int argc, char** argv) {
  pthread_t running[MAX_THREADS];
  void* (*body)(void*) = thread_main;
  char line[16];

  read_options(argc, argv);
  open_map(getenv("SCHEDHINT_MAP") ?: SCHEDHINT_DEFAULT_PIN);
  make_blocks();
  if (end_ns) { /* one life, of the mode `execs` */
    claim(0);
    live();
    return 0;
  }
  puts("ready");
  fflush(stdout);
  if (!fgets(line, sizeof(line), stdin)) return 1; /* all start at the same time */
  end_ns = now_ns() + seconds * 1000000000ULL;
  if (!strcmp(shed, "forks") || !strcmp(shed, "execs")) body = children_main;
  for (long i = 0; i < threads - (pulse_ms ? 1 : 0); i++)
    if (pthread_create(&running[i], NULL, body, (void*)i)) fail("pthread_create");
  if (pulse_ms) pulses();
  if (helpers) leader_in_pauses();
  for (int i = 0; i < threads - (pulse_ms ? 1 : 0); i++) pthread_join(running[i], NULL);
  while (now_ns() < end_ns) usleep(1000); /* for the last of the successors */
  usleep(500 * 1000);                     /* and the last of the lives */
  printf(
      "{\"cpu\":%.3f,\"gcCount\":%u,\"gcPreempted\":%u,\"gcRunDelayNs\":%llu,\"onCpuNs\":%llu,"
      "\"longestMs\":%.1f}\n",
      cpu_seconds(RUSAGE_SELF) + cpu_seconds(RUSAGE_CHILDREN), blocks[0].gc_count,
      blocks[0].gc_preempted, (unsigned long long)blocks[0].gc_run_delay_ns,
      (unsigned long long)blocks[0].on_cpu_ns, longest_ns / 1e6);
  if (anew) {
    fflush(stdout);
    claim(0); /* this thread, the one that is left after it */
    execl("/proc/self/exe", "spinner", "--until=-1", NULL);
  }
  return 0;
}
