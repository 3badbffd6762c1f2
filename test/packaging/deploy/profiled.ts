// Runs a program under a container's seccomp profile, as an engine would.

import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

export interface Profile {
  readonly defaultAction: string;
  readonly defaultErrnoRet: number;
  readonly syscalls: readonly { readonly names: readonly string[]; readonly action: string }[];
}

/**
 * Compiles a command that runs another under the profile. It has what profiles here use: names that
 * are allowed, and an error for the rest.
 *
 * @returns its path
 */
export function compileProfile({ defaultErrnoRet, syscalls }: Profile, directory: string): string {
  const names = syscalls.flatMap(({ names }) => names);
  const source = join(directory, 'profiled.c');
  // A name that this machine's architecture lacks is left out, as engines do.
  const allow = names.map((name) => `#ifdef SYS_${name}\n  allow(SYS_${name}),\n#endif`);
  writeFileSync(
    source,
    `#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>
#define allow(nr) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, nr, 0, 1), \\
    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)
static struct sock_filter filter[] = {
  BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
${allow.join('\n')}
  BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ${defaultErrnoRet}),
};
int main(int argc, char** argv) {
  struct sock_fprog program = {sizeof(filter) / sizeof(filter[0]), filter};
  if (argc < 2 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ||
      prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program)) {
    perror("profiled");
    return 1;
  }
  execvp(argv[1], argv + 1);
  perror(argv[1]);
  return 1;
}
`,
  );
  const program = join(directory, 'profiled');
  execFileSync('cc', ['-Wall', '-Werror', '-o', program, source]);
  return program;
}
