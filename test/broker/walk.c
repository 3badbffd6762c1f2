// SPDX-License-Identifier: MIT
// Plays a client of the broker, request by request: walk.h says which attacks.
#define _GNU_SOURCE
#include "walk.h"

#include <errno.h>
#include <fcntl.h>
#include <schedhint/schedhint_broker.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#define RETRY_US 20000

/* The answer's reason, or -1 and errno: the broker has ended the connection. */
static int ask(int fd, const struct schedhint_broker_request* request, int descriptor) {
  char control[CMSG_SPACE(sizeof(int))] = {0};
  struct iovec data = {.iov_base = (void*)request, .iov_len = sizeof(*request)};
  struct msghdr message = {.msg_iov = &data, .msg_iovlen = 1};
  struct schedhint_broker_answer answer;

  if (descriptor >= 0) {
    struct cmsghdr* part = (struct cmsghdr*)control;

    message.msg_control = control;
    message.msg_controllen = sizeof(control);
    part->cmsg_level = SOL_SOCKET;
    part->cmsg_type = SCM_RIGHTS;
    part->cmsg_len = CMSG_LEN(sizeof(int));
    memcpy(CMSG_DATA(part), &descriptor, sizeof(int));
  }
  if (sendmsg(fd, &message, MSG_NOSIGNAL) != sizeof(*request)) return -1;
  ssize_t got = recv(fd, &answer, sizeof(answer), MSG_WAITALL);
  if (got == sizeof(answer) && answer.kind == request->kind) return (int)answer.reason;
  if (got >= 0) errno = ECONNRESET;
  return -1;
}

static struct schedhint_broker_request request_of(int kind) {
  struct schedhint_broker_request request = {
      .magic = SCHEDHINT_BROKER_MAGIC, .version = SCHEDHINT_BROKER_VERSION, .kind = kind};
  return request;
}

/* A connection to the map of test/rig/bpf/uptr_rows.bpf.c. */
static int open_map(const char* path, const char* map) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  struct schedhint_broker_request request = request_of(SCHEDHINT_BROKER_OPEN);
  int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

  strncpy(address.sun_path, path, sizeof(address.sun_path) - 1);
  request.open.value_size = 16;
  request.open.slot_count = 2;
  request.open.slots[0] = (struct schedhint_broker_slot){0, 16};
  request.open.slots[1] = (struct schedhint_broker_slot){8, 16};
  strncpy(request.open.path, map, sizeof(request.open.path) - 1);
  if (connect(fd, (struct sockaddr*)&address, sizeof(address))) return -1;
  return ask(fd, &request, -1) == SCHEDHINT_BROKER_DONE ? fd : -1;
}

static int bind_page(int fd, int thread, unsigned memory, unsigned offset) {
  struct schedhint_broker_request request = request_of(SCHEDHINT_BROKER_BIND);
  int reason;

  request.bind.pointer_count = 2;
  request.bind.pointers[0] = (struct schedhint_broker_pointer){memory, offset};
  while ((reason = ask(fd, &request, thread)) == SCHEDHINT_BROKER_LIMIT) usleep(RETRY_US);
  return reason;
}

/* -1: it could not be made. */
static int make_memory(unsigned bytes, bool allocated) {
  int fd = memfd_create("walk", MFD_CLOEXEC | MFD_ALLOW_SEALING);

  if (fd < 0 || ftruncate(fd, bytes)) return -1;
  if (!allocated) return fd;
  if (fallocate(fd, 0, 0, bytes)) return -1;
  return mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0) == MAP_FAILED ? -1 : fd;
}

static bool make_hole(int fd) {
  return !fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0,
                    SCHEDHINT_BROKER_MEMORY_BYTES);
}

static int walk_connection(int fd, int thread, bool allocated, struct walked* walked) {
  unsigned page = (unsigned)sysconf(_SC_PAGESIZE);

  for (unsigned number = 1; number <= SCHEDHINT_BROKER_MEMORIES; number++) {
    struct schedhint_broker_request request = request_of(SCHEDHINT_BROKER_MEMORY);
    int memory = make_memory(SCHEDHINT_BROKER_MEMORY_BYTES, allocated);

    if (memory < 0) return -1;
    request.memory.number = number;
    int reason = ask(fd, &request, memory);
    if (reason < 0) return -1;
    if (reason != SCHEDHINT_BROKER_DONE) {
      close(memory);
      if (reason == SCHEDHINT_BROKER_LIMIT) return 0;
      walked->refused++;
      continue;
    }
    walked->memories++;
    for (bool again = false;; again = true) {
      for (unsigned offset = 0; offset < SCHEDHINT_BROKER_MEMORY_BYTES; offset += page) {
        if (bind_page(fd, thread, number, offset) != SCHEDHINT_BROKER_DONE) return -1;
        walked->pages++;
      }
      if (again || !make_hole(memory)) break;
      walked->holes++;
    }
    close(memory);
  }
  return 0;
}

int walk(const char* socket, const char* map, unsigned connections, bool allocated,
         struct walked* walked) {
  int thread = (int)syscall(SYS_pidfd_open, getpid(), O_EXCL);

  for (unsigned i = 0; i < connections; i++) {
    int fd = open_map(socket, map);

    if (fd < 0 || walk_connection(fd, thread, allocated, walked)) return -1;
  }
  return 0;
}

int rebind(const char* socket, const char* map, unsigned times) {
  struct schedhint_broker_request request = request_of(SCHEDHINT_BROKER_MEMORY);
  int thread = (int)syscall(SYS_pidfd_open, getpid(), O_EXCL);
  int memory = make_memory((unsigned)sysconf(_SC_PAGESIZE), true);
  int fd = open_map(socket, map);

  request.memory.number = 1;
  if (fd < 0 || ask(fd, &request, memory) != SCHEDHINT_BROKER_DONE) return -1;
  for (unsigned i = 0; i < times; i++) {
    if (bind_page(fd, thread, 1, i % 2 * 64) != SCHEDHINT_BROKER_DONE) return -1;
  }
  return 0;
}
