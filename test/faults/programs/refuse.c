// Runs a command to which one system call is refused, or one command of bpf(2), or one advice of
// madvise(2), as a container's seccomp profile does it.
//
//   refuse SYSCALL ERRNO COMMAND [ARGUMENT...]       e.g. refuse bpf EPERM node app.js

#include <errno.h>
#include <linux/audit.h>
#include <linux/bpf.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#if defined(__x86_64__)
#define ARCH AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define ARCH AUDIT_ARCH_AARCH64
#else
#error "name this machine's AUDIT_ARCH"
#endif

#define ANY -1

// What is refused: a call, or it with this value in the argument of that number.
static const struct call {
  const char* name;
  int number;
  int argument;
  unsigned value;
} calls[] = {{"bpf", SYS_bpf, ANY, 0},
             {"inotify_init1", SYS_inotify_init1, ANY, 0},
             {"memfd_create", SYS_memfd_create, ANY, 0},
             {"pidfd_open", SYS_pidfd_open, ANY, 0},
             {"BPF_MAP_UPDATE_ELEM", SYS_bpf, 0, BPF_MAP_UPDATE_ELEM},
             {"BPF_OBJ_GET_INFO_BY_FD", SYS_bpf, 0, BPF_OBJ_GET_INFO_BY_FD},
             {"MADV_DONTFORK", SYS_madvise, 2, MADV_DONTFORK},
             {"MADV_WIPEONFORK", SYS_madvise, 2, MADV_WIPEONFORK}};

static const struct call* call_of(const char* name) {
  for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
    if (!strcmp(name, calls[i].name)) return &calls[i];
  }
  return NULL;
}

static int errno_of(const char* name) {
  if (!strcmp(name, "EPERM")) return EPERM;
  return !strcmp(name, "ENOSYS") ? ENOSYS : -1;
}

int main(int argc, char** argv) {
  const struct call* call = argc > 3 ? call_of(argv[1]) : NULL;
  int error = argc > 3 ? errno_of(argv[2]) : -1;

  if (!call || error < 0) {
    fprintf(stderr, "Usage: refuse CALL EPERM|ENOSYS COMMAND [ARGUMENT...]\n\nCALL is one of:");
    for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++)
      fprintf(stderr, " %s", calls[i].name);
    fprintf(stderr, "\n");
    return 2;
  }
  int has_argument = call->argument != ANY;
  unsigned argument =
      offsetof(struct seccomp_data, args) + 8 * (has_argument ? (unsigned)call->argument : 0);
  struct sock_filter filter[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ARCH, 0, 5),
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned)call->number, 0, 3),
      // The low half of the argument; both architectures are little-endian.
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, argument),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, call->value, 0, has_argument),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | (unsigned)error),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  struct sock_fprog program = {sizeof(filter) / sizeof(filter[0]), filter};
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ||
      prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program)) {
    perror("refuse: prctl");
    return 1;
  }
  execvp(argv[3], argv + 3);
  perror(argv[3]);
  return 1;
}
