/* SPDX-License-Identifier: MIT */
/*
 * Uses schedhint_client.h as a test commands, and prints what came of it as one line of JSON.
 *
 *   client_test write PIN SOCKET   {"tid"}, and when stdin ends {"written","late","lost"}:
 *                            groups of hints, by a broker
 *   client_test move TIMES         the same and {"good","mixed"}, while the blocks move so many
 * times: groups that the pages showed which the blocks moved out of client_test open PIN
 * {"step","error","detail","bound"}   what a map makes of it client_test fork PIN
 * {"child":status,"urgency","gcCount","bound"} what a forked child can do, and what it leaves of
 * its parent's client_test reuse        {"early","late","zeroed"}           blocks that came again:
 * within a second of being freed, and after it; and whether those were zeroed client_test clock
 * {"now":ns,"attached":ns,"monotonic":ns} client_test ends PIN
 * {"bound","counted","detached","after"} a thread that has ended is detached by another
 */
#include <schedhint/schedhint_client.h>
#include <stdlib.h>
#include <sys/wait.h>

static struct schedhint_client client;
static struct schedhint_handle handle;

static void start(const char* pin) {
  struct schedhint_options options = {pin, NULL, SCHEDHINT_RUNTIME_PRIVATE, SCHEDHINT_F_GC_LIVE};

  if (schedhint_client_init(&client, &options) ||
      schedhint_attach(&client, &handle, SCHEDHINT_ROLE_MAIN))
    exit(1);
}

static void open_pin(const char* pin) {
  start(pin);
  printf("{\"step\":%d,\"error\":%d,\"detail\":%u,\"bound\":%d}\n", (int)client.map.failure.step,
         client.map.failure.error, client.map.failure.detail, handle.is_bound);
  schedhint_detach(&handle);
  schedhint_client_close(&client);
}

/* The child's stores stay in the child, and what would reach the kernel is refused. */
static int live_as_child(void) {
  struct schedhint_handle own;

  schedhint_set_urgency(&handle, 5, 0);
  schedhint_gc_begin(&handle, SCHEDHINT_GC_MINOR, 0);
  schedhint_gc_end(&handle);
  client.looked_ns = 0;
  if (schedhint_attach(&client, &own, SCHEDHINT_ROLE_MAIN) != -ECHILD) return 1;
  if (schedhint_poll(&client) != -ECHILD || schedhint_detach(&handle) != -ECHILD) return 2;
  schedhint_client_close(&client);
  /* A new one. */
  start(client.map.pin);
  return handle.is_bound ? 0 : 3;
}

static void fork_child(const char* pin) {
  int status;
  pid_t child;

  start(pin);
  schedhint_set_urgency(&handle, 900, 0);
  child = fork();
  if (!child) _exit(live_as_child());
  waitpid(child, &status, 0);
  printf("{\"child\":%d,\"urgency\":%u,\"gcCount\":%u,\"bound\":%d}\n", status,
         handle.thread->urgency, handle.thread->gc_count, handle.is_bound);
}

static int is_known(struct schedhint_thread** blocks, int count) {
  for (int i = 0; i < count; i++)
    if (blocks[i] == handle.thread) return 1;
  return 0;
}

static void reuse(void) {
  enum { FIRST = 300 };
  static struct schedhint_thread* blocks[FIRST];
  struct timespec moment = {1, 100000000};
  int early = 0, late = 0, zeroed = 1;

  start("/sys/fs/bpf/no-such-map");
  for (int i = 0; i < FIRST; i++) {
    early += is_known(blocks, i);
    blocks[i] = handle.thread;
    schedhint_set_urgency(&handle, 7, 0);
    schedhint_detach(&handle);
    schedhint_attach(&client, &handle, SCHEDHINT_ROLE_MAIN);
  }
  nanosleep(&moment, NULL);
  for (int i = 0; i < FIRST; i++) {
    schedhint_detach(&handle);
    schedhint_attach(&client, &handle, SCHEDHINT_ROLE_MAIN);
    if (!is_known(blocks, FIRST)) continue;
    late++;
    zeroed &= !handle.thread->urgency && !handle.thread->cold2[0] && !handle.thread->cold2[1];
  }
  printf("{\"early\":%d,\"late\":%d,\"zeroed\":%d}\n", early, late, zeroed);
}

static void tell_time(void) {
  struct timespec now;

  start("/sys/fs/bpf/no-such-map");
  clock_gettime(CLOCK_MONOTONIC, &now);
  printf("{\"now\":%llu,\"attached\":%llu,\"monotonic\":%llu}\n",
         (unsigned long long)schedhint_now(&client.memory),
         (unsigned long long)handle.thread->attach_ns,
         (unsigned long long)now.tv_sec * 1000000000ULL + (unsigned long long)now.tv_nsec);
}

static void* attach_and_end(void* other) {
  schedhint_attach(&client, (struct schedhint_handle*)other, SCHEDHINT_ROLE_WORKER);
  return NULL;
}

static void end_thread(const char* pin) {
  struct schedhint_handle other;
  unsigned counted;
  pthread_t thread;

  start(pin);
  pthread_create(&thread, NULL, attach_and_end, &other);
  pthread_join(thread, NULL);
  counted = client.process->bound_threads;
  printf("{\"bound\":%d,\"counted\":%u,", other.is_bound, counted);
  printf("\"detached\":%d,", schedhint_detach(&other));
  printf("\"after\":%u}\n", client.process->bound_threads);
}

#define SCHEDHINT_LOAD(place) __atomic_load_n(&(place), __ATOMIC_RELAXED)

static volatile int is_over;
static volatile unsigned looked; /* times that blocks may have moved, and have moved */
static unsigned long long written;
static int late, lost;

/* By the rule of test/rig/bpf/sampler.bpf.c. A store may be late while its chunk moves, and is lost
 * if it is not there when a later look has ended. */
static void* write_groups(void* unused) {
  struct schedhint_handle own;
  unsigned long long k = 0;

  (void)unused;
  schedhint_attach(&client, &own, SCHEDHINT_ROLE_WORKER);
  printf("{\"tid\":%d}\n", (int)syscall(SYS_gettid));
  fflush(stdout);
  while (!is_over) {
    struct schedhint_hints hints = {0};

    k++;
    hints.deadline_ns = k;
    hints.urgency = (__u32)(k % 1024 + 1);
    hints.user = 3 * k;
    schedhint_set(&own, &hints);
    if (*(volatile __u64*)&own.thread->user == 3 * k) continue;
    late++;
    for (unsigned before = looked; looked < before + 2 && !is_over;) usleep(100);
    lost += *(volatile __u64*)&own.thread->user != 3 * k;
  }
  written = k;
  return NULL;
}

static void report_written(pthread_t thread) {
  is_over = 1;
  pthread_join(thread, NULL);
  printf("{\"written\":%llu,\"late\":%d,\"lost\":%d", written, late, lost);
}

static void write_by_broker(const char* pin, const char* socket) {
  struct schedhint_options options = {pin, socket, SCHEDHINT_RUNTIME_PRIVATE, 0};
  pthread_t thread;
  char byte;

  if (schedhint_client_init(&client, &options) || fcntl(STDIN_FILENO, F_SETFL, O_NONBLOCK)) exit(1);
  pthread_create(&thread, NULL, write_groups, NULL);
  while (read(STDIN_FILENO, &byte, 1) < 0) {
    client.looked_ns = 0;
    schedhint_poll(&client);
    looked++;
    usleep(1000);
  }
  report_written(thread);
  printf("}\n");
}

static struct schedhint_thread* left_block; /* of the writer, in the pages that it moves out of */
static unsigned long long looks, good, mixed;

/* As a BPF program that an element of a broker that was killed still leads to the old pages. */
static void* read_groups(void* unused) {
  (void)unused;
  while (!is_over) {
    struct schedhint_thread* block = __atomic_load_n(&left_block, __ATOMIC_ACQUIRE);

    if (block && SCHEDHINT_LOAD(block->abi) == SCHEDHINT_ABI) {
      __u32 seq = SCHEDHINT_LOAD(block->seq), urgency;
      __u64 deadline_ns, user;

      __atomic_thread_fence(__ATOMIC_ACQUIRE);
      urgency = SCHEDHINT_LOAD(block->urgency);
      deadline_ns = SCHEDHINT_LOAD(block->deadline_ns);
      user = SCHEDHINT_LOAD(block->user);
      __atomic_thread_fence(__ATOMIC_ACQUIRE);
      if (!(seq & 1) && SCHEDHINT_LOAD(block->seq) == seq && (urgency || deadline_ns || user)) {
        good++;
        mixed += urgency != deadline_ns % 1024 + 1 || user != deadline_ns * 3;
      }
    }
    __atomic_fetch_add(&looks, 1, __ATOMIC_RELEASE);
  }
  return NULL;
}

/* Moves the blocks again and again, as each new connection to a broker does once. */
static void move_blocks(int times) {
  struct schedhint_options options = {"/sys/fs/bpf/no-such-map", NULL, 0, 0};
  enum { WRITER = 1 }; /* its block; the process has the first one */
  unsigned long long before;
  pthread_t writer, reader;

  if (schedhint_client_init(&client, &options)) exit(1);
  pthread_create(&writer, NULL, write_groups, NULL);
  pthread_create(&reader, NULL, read_groups, NULL);
  for (int i = 0; i < times; i++) {
    unsigned char* left = mremap(client.map.memory, 0, SCHEDHINT_CHUNK, MREMAP_MAYMOVE);
    int memory;

    if (left == MAP_FAILED) exit(1);
    __atomic_store_n(&left_block, (struct schedhint_thread*)(void*)left + WRITER, __ATOMIC_RELEASE);
    memory = schedhint_move(&client.map, 0);
    if (memory < 0) exit(1);
    looked++;
    close(memory);
    usleep(50);
    __atomic_store_n(&left_block, NULL, __ATOMIC_RELEASE);
    before = __atomic_load_n(&looks, __ATOMIC_ACQUIRE);
    while (__atomic_load_n(&looks, __ATOMIC_ACQUIRE) < before + 2) usleep(10);
    for (size_t at = 0; at < SCHEDHINT_CHUNK; at++)
      if (left[at]) exit(1);
    munmap(left, SCHEDHINT_CHUNK);
  }
  report_written(writer);
  pthread_join(reader, NULL);
  printf(",\"good\":%llu,\"mixed\":%llu}\n", good, mixed);
}

int main(int argc, char** argv) {
  const char *verb = argc > 1 ? argv[1] : "", *pin = argc > 2 ? argv[2] : "";

  if (!strcmp(verb, "write") && argc > 3)
    write_by_broker(pin, argv[3]);
  else if (!strcmp(verb, "move"))
    move_blocks(atoi(pin));
  else if (!strcmp(verb, "open"))
    open_pin(pin);
  else if (!strcmp(verb, "fork"))
    fork_child(pin);
  else if (!strcmp(verb, "reuse"))
    reuse();
  else if (!strcmp(verb, "clock"))
    tell_time();
  else if (!strcmp(verb, "ends"))
    end_thread(pin);
  else
    return 2;
  return 0;
}
