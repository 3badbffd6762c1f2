/* Cgroups that come and go below one directory, and their weights and limits. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "churn.h"

#define ROOT "/sys/fs/cgroup"

/* The first half below the root, each of the others in one of those. */
static bool exists[CGROUPS];

static void path_of(int i, const char* file, char* path) {
  if (i < CGROUPS / 2)
    snprintf(path, PATH_MAX, ROOT "/churn/leaf%d/%s", i, file);
  else
    snprintf(path, PATH_MAX, ROOT "/churn/nest%d/inner/%s", i, file);
}

static bool put(const char* path, const char* text) {
  int file = open(path, O_WRONLY);
  bool done = file >= 0 && write(file, text, strlen(text)) == (ssize_t)strlen(text);

  if (file >= 0) close(file);
  return done;
}

static bool put_in(int i, const char* name, const char* text) {
  char path[PATH_MAX];

  path_of(i, name, path);
  return put(path, text);
}

void make_root(void) {
  if (!put(ROOT "/cgroup.subtree_control", "+cpu") || mkdir(ROOT "/churn", 0755) ||
      !put(ROOT "/churn/cgroup.subtree_control", "+cpu"))
    fail("cgroups");
}

bool add_cgroup(void) {
  int i = below(CGROUPS);
  char path[PATH_MAX];

  if (exists[i]) return true;
  if (i >= CGROUPS / 2) {
    snprintf(path, sizeof(path), ROOT "/churn/nest%d", i);
    if (mkdir(path, 0755)) fail(path);
    strcat(path, "/cgroup.subtree_control");
    if (!put(path, "+cpu")) fail(path);
  }
  path_of(i, "", path);
  if (mkdir(path, 0755)) fail(path);
  exists[i] = true;
  return true;
}

/* Those in it go to the root, and it is removed while they run. */
static bool remove_one(int i) {
  char path[PATH_MAX];

  for (int c = 0; c < children; c++) {
    char pid[16];

    snprintf(pid, sizeof(pid), "%d", child[c]);
    put(ROOT "/cgroup.procs", pid);
  }
  path_of(i, "", path);
  for (int tries = 0; rmdir(path) && errno == EBUSY && tries < 200; tries++) sleep_ms(10);
  if (!access(path, F_OK)) return false; /* a child's child that ends is in it */
  exists[i] = false;
  if (i < CGROUPS / 2) return true;
  snprintf(path, sizeof(path), ROOT "/churn/nest%d", i);
  return !rmdir(path);
}

bool remove_cgroup(void) {
  int i = below(CGROUPS);

  return !exists[i] || remove_one(i);
}

bool move_to_cgroup(void) {
  int i = below(CGROUPS);
  char pid[16];

  snprintf(pid, sizeof(pid), "%d", one_child());
  if (!exists[i]) return put(ROOT "/cgroup.procs", pid);
  return put_in(i, "cgroup.procs", pid);
}

bool change_weight(void) {
  int i = below(CGROUPS);
  char text[32];

  snprintf(text, sizeof(text), "%u", 1 + below(below(2) ? 100 : 10000));
  return !exists[i] || put_in(i, "cpu.weight", text);
}

bool change_limit(void) {
  int i = below(CGROUPS);
  char text[64];

  if (!exists[i]) return true;
  if (below(3) == 0) return put_in(i, "cpu.max", "max");
  snprintf(text, sizeof(text), "%u 100000", 2000 + below(150000));
  return put_in(i, "cpu.max", text);
}

bool change_idle(void) {
  int i = below(CGROUPS);

  return !exists[i] || put_in(i, "cpu.idle", below(2) ? "1" : "0");
}

void remove_all_cgroups(void) {
  for (int i = 0; i < CGROUPS; i++)
    if (exists[i] && !remove_one(i)) fail("a cgroup cannot be removed");
  if (rmdir(ROOT "/churn")) fail("a cgroup cannot be removed");
}
