// Runs a command to which one system call is refused, or one command of bpf(2), as a container's
// seccomp profile does it.
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

static const struct named {
  const char* name;
  int number;
} syscalls[] = {{"bpf", SYS_bpf},
                {"pidfd_open", SYS_pidfd_open},
                {"memfd_create", SYS_memfd_create}},
  bpf_commands[] = {{"BPF_MAP_UPDATE_ELEM", BPF_MAP_UPDATE_ELEM},
                    {"BPF_OBJ_GET_INFO_BY_FD", BPF_OBJ_GET_INFO_BY_FD}},
  errnos[] = {{"EPERM", EPERM}, {"ENOSYS", ENOSYS}};

static int number_of(const char* name, const struct named* names, size_t count) {
  for (size_t i = 0; i < count; i++) {
    if (!strcmp(name, names[i].name)) return names[i].number;
  }
  return -1;
}

int main(int argc, char** argv) {
  int number = -1, command = -1, error = -1;

  if (argc > 3) {
    number = number_of(argv[1], syscalls, sizeof(syscalls) / sizeof(syscalls[0]));
    command = number_of(argv[1], bpf_commands, sizeof(bpf_commands) / sizeof(bpf_commands[0]));
    if (command >= 0) number = SYS_bpf;
    error = number_of(argv[2], errnos, sizeof(errnos) / sizeof(errnos[0]));
  }
  if (number < 0 || error < 0) {
    fprintf(stderr,
            "Usage: refuse bpf|memfd_create|pidfd_open|BPF_COMMAND EPERM|ENOSYS COMMAND "
            "[ARGUMENT...]\n");
    return 2;
  }
  struct sock_filter filter[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ARCH, 0, 5),
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, number, 0, 3),
      // The low half of the first argument; both architectures are little-endian.
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[0])),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, command, 0, command >= 0),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | error),
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
