// SPDX-License-Identifier: MIT OR BSD-2-Clause OR GPL-2.0
/*
 * The pinned map: found again after a restart, or made and put in place.
 *
 * Clients that are bound to a map stay bound to it, so a reader that starts again takes the map
 * that is there: all their hints are in it already. A new map is pinned under a temporary name and
 * renamed, so that a client which watches the directory never opens one that is not ready.
 */
#define _GNU_SOURCE
#include "pin.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <unistd.h>

#define BPF_FS_MAGIC 0xcafe4a11

#define NO_TASK -1

/*
 * Is the 8-byte slot of the map's values a pointer to user memory? The kernel looks at such
 * pointers before it looks at the key, so an update that names no task shows it: an address where
 * nothing can be mapped is refused (EFAULT) if it is one; if it is plain data the key is (EBADF).
 */
static bool is_uptr(int map_fd, int task, unsigned slot) {
  __u64 value[PIN_VALUE_MAX / sizeof(__u64)] = {0};

  value[slot] = 0x10;
  if (bpf_map_update_elem(map_fd, &task, value, BPF_ANY)) return errno == EFAULT;
  bpf_map_delete_elem(map_fd, &task);
  return false;
}

static bool begins_with_uptrs(int map_fd, int task) {
  return is_uptr(map_fd, task, 0) && is_uptr(map_fd, task, 1);
}

/* No kernel promises that order. With the other one no slot looks like a pointer, unless the update
 * names a task that is there: a child, which waits meanwhile. */
static bool begins_with_uptrs_for_a_task(int map_fd) {
  pid_t child = fork();
  bool answer = false;
  int task;

  if (child < 0) return false;
  if (!child) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    for (;;) pause();
  }
  task = syscall(SYS_pidfd_open, child, 0);
  if (task >= 0) {
    answer = begins_with_uptrs(map_fd, task);
    close(task);
  }
  kill(child, SIGKILL);
  waitpid(child, NULL, 0);
  return answer;
}

static bool read_info(int map_fd, struct bpf_map_info* info) {
  __u32 length = sizeof(*info);

  memset(info, 0, sizeof(*info));
  if (!bpf_obj_get_info_by_fd(map_fd, info, &length)) return true;
  complain("cannot read what kind of map it is (BPF_OBJ_GET_INFO_BY_FD): %s", strerror(errno));
  return false;
}

static bool is_trusted(const char* path) {
  struct stat found;

  if (stat(path, &found)) return true; /* it does not exist: nothing is taken over */
  if (found.st_uid == geteuid() && !(found.st_mode & S_IWOTH)) return true;
  complain(
      "%s is there, mode %04o, of user %u: %s could set the hints of any thread. Remove it, for a "
      "new map (rm %s), or take it as it is: --trust-pin",
      path, (unsigned)found.st_mode & 07777, (unsigned)found.st_uid,
      found.st_mode & S_IWOTH ? "every user" : "that user", path);
  return false;
}

static bool give_access(const char* pin, const struct pin_access* access) {
  bool has_group = access->group != PIN_NO_GROUP;
  mode_t mode = access->mode ? access->mode : has_group ? 0660 : 0;

  if (has_group && chown(pin, -1, access->group)) {
    complain("cannot give the pin to group %u: %s", (unsigned)access->group, strerror(errno));
    return false;
  }
  if (!mode || !chmod(pin, mode)) return true;
  complain("cannot give the pin mode %o: %s", (unsigned)mode, strerror(errno));
  return false;
}

/* A group that may write the pin but not reach it would look for the cause in its own programs. */
static void warn_if_out_of_reach(const char* path, gid_t group) {
  char directory[PATH_MAX];
  struct stat found;

  for (const char* end = strchr(path, '/'); end; end = strchr(end + 1, '/')) {
    snprintf(directory, sizeof(directory), "%.*s", end == path ? 1 : (int)(end - path), path);
    if (stat(directory, &found) || found.st_mode & (found.st_gid == group ? S_IXGRP : S_IXOTH))
      continue;
    complain(
        "group %u cannot reach %s: %s has mode %04o and group %u. Give it a separate bpffs: "
        "mount -t bpf -o mode=0750,gid=%u bpf DIRECTORY, and start with --pin DIRECTORY/hints",
        (unsigned)group, path, directory, (unsigned)found.st_mode & 07777, (unsigned)found.st_gid,
        (unsigned)group);
    return;
  }
}

static void warn_of_access(const char* path, const struct pin_access* access) {
  if (access->mode & S_IWOTH)
    complain(
        "%s may be written by every user of this machine: each can set the hints of any thread, "
        "others' too. --group GID gives it to a group; with schedhint-broker it stays yours",
        path);
  if (access->group != PIN_NO_GROUP) warn_if_out_of_reach(path, access->group);
}

bool pin_find(struct pin* pin, const char* path, unsigned value_size, bool trust,
              const struct pin_access* access) {
  struct bpf_map_info info;

  *pin = (struct pin){.path = path, .map_fd = -1};
  if (!trust && !is_trusted(path)) return false;
  pin->map_fd = bpf_obj_get(path);
  if (pin->map_fd < 0) {
    if (errno == ENOENT) return true;
    pin->error = errno;
    complain("cannot open the pinned map %s: %s%s", path, strerror(errno),
             errno == EACCES || errno == EPERM ? "; run as root, or choose another path"
             : errno == ENOSYS ? "; this kernel has no bpf(2), or a seccomp profile says so"
                               : "");
    return false;
  }
  if (!read_info(pin->map_fd, &info)) return false;
  if (info.type != BPF_MAP_TYPE_TASK_STORAGE || info.key_size != sizeof(int) ||
      info.value_size != value_size ||
      (!begins_with_uptrs(pin->map_fd, NO_TASK) && !begins_with_uptrs_for_a_task(pin->map_fd))) {
    complain(
        "%s is pinned to something else: map \"%s\", type %u, key %u bytes, value %u bytes; "
        "wanted is a task storage map (type %u, key 4, value %u) with two user pointers. "
        "Remove that pin if nothing needs it, or choose another path",
        path, info.name, info.type, info.key_size, info.value_size, BPF_MAP_TYPE_TASK_STORAGE,
        value_size);
    return false;
  }
  pin->map_id = info.id;
  pin->reused = true;
  if (!give_access(path, access)) return false;
  warn_of_access(path, access);
  return true;
}

static bool is_bpffs(const char* directory) {
  struct statfs fs;

  if (statfs(directory, &fs)) {
    complain("cannot pin in %s: %s%s", directory, strerror(errno),
             errno == ENOENT ? "; make the directory, and `mount -t bpf bpf` on it" : "");
    return false;
  }
  if ((__u32)fs.f_type == BPF_FS_MAGIC) return true;
  complain("cannot pin in %s: it is not a bpf filesystem. Run `mount -t bpf bpf %s`", directory,
           directory);
  return false;
}

bool pin_create(struct pin* pin, int map_fd, const struct pin_access* access) {
  char copy[PATH_MAX], temporary[PATH_MAX + 32];
  struct bpf_map_info info;
  const char* directory;

  if (!read_info(map_fd, &info)) return false;
  pin->map_fd = map_fd;
  pin->map_id = info.id;
  snprintf(copy, sizeof(copy), "%s", pin->path);
  directory = dirname(copy);
  if (!is_bpffs(directory)) return false;

  /* bpffs allows no dot in a name */
  snprintf(temporary, sizeof(temporary), "%s/schedhint_new_%d", directory, (int)getpid());
  if (bpf_obj_pin(map_fd, temporary)) {
    complain("cannot pin the map as %s: %s", temporary, strerror(errno));
    return false;
  }
  if (!give_access(temporary, access)) {
    /* it has complained */
  } else if (renameat2(AT_FDCWD, temporary, AT_FDCWD, pin->path, RENAME_NOREPLACE)) {
    complain("cannot rename %s to %s: %s%s", temporary, pin->path, strerror(errno),
             errno == EEXIST ? "; another reader has just pinned it: start again to share it" : "");
  } else {
    warn_of_access(pin->path, access);
    return true;
  }
  unlink(temporary);
  return false;
}

bool pin_remove(const struct pin* pin) {
  int map_fd = bpf_obj_get(pin->path);
  struct bpf_map_info info;
  bool ours;

  if (map_fd < 0 && errno == ENOENT) return true;
  /* Somebody may have replaced the pin; theirs is not ours to remove. */
  ours = map_fd >= 0 && read_info(map_fd, &info) && info.id == pin->map_id;
  if (map_fd >= 0) close(map_fd);
  if (!ours) {
    complain("left %s alone: it is no longer the map that was pinned at the start", pin->path);
    return true;
  }
  if (!unlink(pin->path)) return true;
  complain("cannot remove the pin %s: %s", pin->path, strerror(errno));
  return false;
}
