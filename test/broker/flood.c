// SPDX-License-Identifier: MIT
/*
 * Sends random requests, with random sizes, descriptors and corrupted bytes. Every fourth process
 * also keeps up to 16 connections open.
 */
#define _GNU_SOURCE
#include "flood.h"

#include <fcntl.h>
#include <schedhint/schedhint_broker.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#define ROUNDS 50 /* of requests on one connection, at most */

static void send_request(int fd, const struct schedhint_broker_request* request, size_t size,
                         int descriptor) {
  char control[CMSG_SPACE(sizeof(int))] = {0};
  struct iovec data = {.iov_base = (void*)request, .iov_len = size};
  struct msghdr message = {.msg_iov = &data, .msg_iovlen = 1};

  if (descriptor >= 0) {
    struct cmsghdr* part = (struct cmsghdr*)control;

    message.msg_control = control;
    message.msg_controllen = sizeof(control);
    part->cmsg_level = SOL_SOCKET;
    part->cmsg_type = SCM_RIGHTS;
    part->cmsg_len = CMSG_LEN(sizeof(int));
    memcpy(CMSG_DATA(part), &descriptor, sizeof(int));
  }
  (void)!sendmsg(fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
}

static struct schedhint_broker_request request_of(int kind) {
  struct schedhint_broker_request request = {
      .magic = SCHEDHINT_BROKER_MAGIC, .version = SCHEDHINT_BROKER_VERSION, .kind = kind};
  return request;
}

static void misbehave(int fd, int memory, int thread) {
  struct schedhint_broker_request open = request_of(SCHEDHINT_BROKER_OPEN);

  open.open.value_size = 8;
  open.open.slot_count = 1;
  open.open.slots[0].size = 16;
  strcpy(open.open.path, "/nowhere");
  if (rand() % 4) send_request(fd, &open, sizeof(open), -1);
  for (int i = rand() % ROUNDS; i > 0; i--) {
    struct schedhint_broker_request request = request_of(rand() % 6);
    int descriptors[] = {-1, memory, thread};

    if (rand() % 16 == 0) ((unsigned char*)&request)[rand() % sizeof(request)] = rand();
    send_request(fd, &request, rand() % 16 ? sizeof(request) : (size_t)rand() % 512 + 1,
                 descriptors[rand() % 3]);
  }
}

static void run(const char* path) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  int memory = memfd_create("flood", MFD_CLOEXEC | MFD_ALLOW_SEALING);
  int thread = syscall(SYS_pidfd_open, getpid(), O_EXCL);

  strncpy(address.sun_path, path, sizeof(address.sun_path) - 1);
  srand(getpid());
  /* Every fourth takes all it can get and holds it. */
  if (getpid() % 4 == 0) {
    for (int i = 0; i < 16; i++) {
      int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

      if (!connect(fd, (struct sockaddr*)&address, sizeof(address))) misbehave(fd, memory, thread);
    }
  }
  for (;;) {
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (!connect(fd, (struct sockaddr*)&address, sizeof(address))) misbehave(fd, memory, thread);
    close(fd);
  }
}

int flood(const char* socket, long count) {
  for (long i = 0; i < count; i++) {
    pid_t child = fork();

    if (child < 0) return -1;
    if (child > 0) continue;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    run(socket);
  }
  return 0;
}
