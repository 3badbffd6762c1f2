// Few permissions: Node.js's and Deno's models, seccomp, namespaces, limits: npm run matrix -- permissions

const LOADER = ['--import', 'ts-blank-space/register'];
const row = (name, minutes, file, ...args) => ({
  name,
  command: [...LOADER, `test/matrix/permissions/${file}`, ...args],
  minutes,
});

const fault = (name, words) => row(name, 10, 'fault.ts', words);

/** @type {import('../../scripts/matrix.mjs').Row[]} */
export const rows = [
  // Every subset: 64 of them in Node.js 20, 2,048 in Node.js 26. CI begins with Node.js 20.
  ...[26, 24, 22, 20].map((major) => row(`node-${major}`, 240, 'node.ts', String(major))),
  row('deno', 10, 'deno.ts'),
  fault('seccomp-bpf', 'bpf refused by seccomp (EPERM)'),
  fault('seccomp-pidfd-open', 'pidfd_open refused by seccomp (EPERM)'),
  fault('seccomp-inotify', 'inotify_init1 refused by seccomp'),
  fault('seccomp-memfd', 'memfd_create refused by seccomp'),
  fault('seccomp-madvise', 'madvise that keeps blocks from forked children refused by seccomp'),
  fault('no-threads', 'no thread may be started (RLIMIT_NPROC)'),
  fault('read-only-root', 'read-only root'),
  fault('no-proc', 'no procfs'),
  fault('user-namespace', 'its own user namespace'),
  fault('no-bpffs', 'no bpffs at its place'),
  fault('pin-unreadable', 'the pin may not be read'),
  fault('few-descriptors', 'descriptor limit reached before the first attach'),
];
