// SPDX-License-Identifier: MIT
/* The least of a FUSE server: it can be mounted, a file be opened, and then it is silent. */
#define _GNU_SOURCE
#include "stalling_fs.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fuse.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#define ROOT 1
#define FILE_ID 2

static int device;
static atomic_bool silent;

static void answer(uint64_t unique, int error, const void* body, size_t size) {
  char bytes[sizeof(struct fuse_out_header) + 256];
  struct fuse_out_header header = {.len = sizeof(header) + size, .error = error, .unique = unique};

  memcpy(bytes, &header, sizeof(header));
  memcpy(bytes + sizeof(header), body, size);
  (void)!write(device, bytes, header.len);
}

static struct fuse_attr attributes_of(uint64_t node) {
  struct fuse_attr attributes = {
      .ino = node,
      .nlink = 1,
      .mode = node == ROOT ? S_IFDIR | 0777 : S_IFREG | 0666,
      .blksize = 4096,
  };
  return attributes;
}

static void serve_one(const struct fuse_in_header* in) {
  switch (in->opcode) {
    case FUSE_INIT: {
      struct fuse_init_out out = {
          .major = FUSE_KERNEL_VERSION, .minor = FUSE_KERNEL_MINOR_VERSION, .max_write = 4096};
      answer(in->unique, 0, &out, sizeof(out));
      break;
    }
    case FUSE_LOOKUP: {
      struct fuse_entry_out out = {.nodeid = FILE_ID, .attr = attributes_of(FILE_ID)};
      answer(in->unique, 0, &out, sizeof(out));
      break;
    }
    case FUSE_GETATTR: {
      struct fuse_attr_out out = {.attr = attributes_of(in->nodeid)};
      answer(in->unique, 0, &out, sizeof(out));
      break;
    }
    case FUSE_OPEN: {
      struct fuse_open_out out = {.fh = 1};
      answer(in->unique, 0, &out, sizeof(out));
      break;
    }
    case FUSE_FORGET:
      break;
    default:
      answer(in->unique, -ENOSYS, NULL, 0);
  }
}

static void* serve(void* unused) {
  char request[FUSE_MIN_READ_BUFFER + 4096];

  while (read(device, request, sizeof(request)) > 0) {
    if (!atomic_load(&silent)) serve_one((struct fuse_in_header*)request);
  }
  return unused;
}

int open_stalling_file(const char* directory) {
  char options[128], path[4096];
  pthread_t server;
  int fd;

  device = open("/dev/fuse", O_RDWR | O_CLOEXEC);
  if (device < 0) return -1;
  snprintf(options, sizeof(options), "fd=%d,rootmode=40000,user_id=0,group_id=0,allow_other",
           device);
  if (mount("stalling", directory, "fuse", MS_NOSUID | MS_NODEV, options)) return -1;
  if (pthread_create(&server, NULL, serve, NULL)) return -1;
  snprintf(path, sizeof(path), "%s/file", directory);
  fd = open(path, O_RDWR | O_CLOEXEC);
  atomic_store(&silent, 1);
  return fd;
}
