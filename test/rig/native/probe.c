// What a test needs to do inside a Node.js process that JavaScript can't: tell where bytes lie,
// fork without exec, exec in place, map a file, and have a thread's system calls refused. Only for
// tests; built by native-probe.ts.

#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <node_api.h>
#include <pthread.h>
#include <sched.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define MAX_FORK_BYTES 4096

static void* bytes_of(napi_env env, napi_value array, size_t* size) {
  void* bytes = NULL;
  napi_get_typedarray_info(env, array, NULL, size, &bytes, NULL, NULL);
  return bytes;
}

static napi_value one_argument(napi_env env, napi_callback_info info) {
  napi_value argument;
  size_t count = 1;
  napi_get_cb_info(env, info, &count, &argument, NULL, NULL);
  return argument;
}

static void set(napi_env env, napi_value object, const char* name, double number) {
  napi_value value;
  napi_create_double(env, number, &value);
  napi_set_named_property(env, object, name, value);
}

/* place(bytes): { page, offset } of the first one. */
static napi_value place(napi_env env, napi_callback_info info) {
  size_t size;
  uintptr_t address = (uintptr_t)bytes_of(env, one_argument(env, info), &size);
  napi_value result;
  napi_create_object(env, &result);
  set(env, result, "page", (double)(address / (uintptr_t)getpagesize()));
  set(env, result, "offset", (double)(address % (uintptr_t)getpagesize()));
  return result;
}

/* What the forked child reports to its parent. */
struct report {
  unsigned char found[MAX_FORK_BYTES]; /* in the bytes, right after the fork */
  unsigned char left[MAX_FORK_BYTES];  /* and after its system call */
};

static int child_pid;
static int to_child[2];
static int from_child[2];

/* fork(bytes): the child stores zeroes into them and waits. Returns its pid. */
static napi_value fork_child(napi_env env, napi_callback_info info) {
  size_t size;
  void* bytes = bytes_of(env, one_argument(env, info), &size);
  napi_value result;

  if (size > MAX_FORK_BYTES || pipe(to_child) || pipe(from_child)) {
    napi_throw_error(env, NULL, "fork: no pipe, or too many bytes");
    return NULL;
  }
  child_pid = fork();
  if (child_pid == 0) {
    static struct report report;
    char go;
    memcpy(report.found, bytes, size);
    memset(bytes, 0, size);
    if (read(to_child[0], &go, 1) != 1) _exit(1);
    syscall(SYS_getppid); /* the system call that the BPF program answers */
    memcpy(report.left, bytes, size);
    ssize_t written = write(from_child[1], &report, sizeof(report));
    _exit(written == (ssize_t)sizeof(report) ? 0 : 2);
  }
  napi_create_int32(env, child_pid, &result);
  return result;
}

/* finishChild(): lets it do its system call and end. { status, found, left }. */
static napi_value finish_child(napi_env env, napi_callback_info info) {
  static struct report report;
  napi_value result, buffer;
  size_t got = 0;
  void* bytes;
  int status;

  close(from_child[1]);
  if (write(to_child[1], "g", 1) == 1) {
    ssize_t count;
    while (got < sizeof(report) &&
           (count = read(from_child[0], (char*)&report + got, sizeof(report) - got)) > 0)
      got += (size_t)count;
  }
  waitpid(child_pid, &status, 0);
  close(to_child[0]);
  close(to_child[1]);
  close(from_child[0]);
  napi_create_object(env, &result);
  set(env, result, "status", status);
  napi_create_arraybuffer(env, MAX_FORK_BYTES, &bytes, &buffer);
  memcpy(bytes, report.found, MAX_FORK_BYTES);
  napi_set_named_property(env, result, "found", buffer);
  napi_create_arraybuffer(env, MAX_FORK_BYTES, &bytes, &buffer);
  memcpy(bytes, report.left, MAX_FORK_BYTES);
  napi_set_named_property(env, result, "left", buffer);
  return result;
}

/* exec(command): sh -c command, in this very process. */
static napi_value exec(napi_env env, napi_callback_info info) {
  char command[4096];
  size_t length;
  napi_get_value_string_utf8(env, one_argument(env, info), command, sizeof(command), &length);
  execl("/bin/sh", "sh", "-c", command, (char*)NULL);
  napi_throw_error(env, NULL, "exec failed");
  return NULL;
}

/*
 * refuseDeletes(): from now on the kernel answers EPERM when this thread, or a thread that it
 * starts later, deletes an element of a BPF map.
 */
static napi_value refuse_deletes(napi_env env, napi_callback_info info) {
  struct sock_filter filter[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_bpf, 0, 3),
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[0])),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, BPF_MAP_DELETE_ELEM, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  struct sock_fprog program = {sizeof(filter) / sizeof(filter[0]), filter};
  union bpf_attr attr = {.map_fd = -1};

  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ||
      prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) ||
      syscall(SYS_bpf, BPF_MAP_DELETE_ELEM, &attr, sizeof(attr)) != -1 || errno != EPERM)
    napi_throw_error(env, NULL, "refuseDeletes: deletes are not refused");
  return NULL;
}

/* A place that a thread fills in; the tid last. */
struct start {
  int tid;
};

static void* wait_for_ever(void* data) {
  struct start* start = data;
  __atomic_store_n(&start->tid, (int)syscall(SYS_gettid), __ATOMIC_RELEASE);
  for (;;) pause();
  return NULL;
}

/* startThread(): of a thread that waits, until the process ends. */
static napi_value start_thread(napi_env env, napi_callback_info info) {
  struct start* start = calloc(1, sizeof(*start)); /* the thread's */
  pthread_t thread;
  napi_value tid = NULL;

  if (start == NULL || pthread_create(&thread, NULL, wait_for_ever, start) != 0) {
    napi_throw_error(env, NULL, "startThread: no thread");
    return NULL;
  }
  while (__atomic_load_n(&start->tid, __ATOMIC_ACQUIRE) == 0) sched_yield();
  napi_create_int32(env, start->tid, &tid);
  return tid;
}

/* mapFile(path): an ArrayBuffer over a private mapping of the file, which is never unmapped. Its
 * pages are read one by one. */
static napi_value map_file(napi_env env, napi_callback_info info) {
  char path[4096];
  size_t length;
  struct stat stat;
  void* bytes = MAP_FAILED;
  napi_value result = NULL;

  napi_get_value_string_utf8(env, one_argument(env, info), path, sizeof(path), &length);
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd >= 0 && fstat(fd, &stat) == 0)
    bytes = mmap(NULL, (size_t)stat.st_size, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
  if (fd >= 0) close(fd);
  if (bytes == MAP_FAILED || madvise(bytes, (size_t)stat.st_size, MADV_RANDOM) != 0) {
    napi_throw_error(env, NULL, "mapFile: it cannot be mapped");
    return NULL;
  }
  napi_create_external_arraybuffer(env, bytes, (size_t)stat.st_size, NULL, NULL, &result);
  return result;
}

static void add(napi_env env, napi_value exports, const char* name, napi_callback function) {
  napi_value value;
  napi_create_function(env, name, NAPI_AUTO_LENGTH, function, NULL, &value);
  napi_set_named_property(env, exports, name, value);
}

NAPI_MODULE_INIT() {
  add(env, exports, "place", place);
  add(env, exports, "fork", fork_child);
  add(env, exports, "finishChild", finish_child);
  add(env, exports, "exec", exec);
  add(env, exports, "mapFile", map_file);
  add(env, exports, "refuseDeletes", refuse_deletes);
  add(env, exports, "startThread", start_thread);
  return exports;
}
