// A real Node.js for musl, Alpine's C library: npm run matrix -- musl

const LOADER = ['--import', 'ts-blank-space/register'];
const row = (name, file, ...args) => ({
  name,
  command: [...LOADER, `test/matrix/musl/${file}`, ...args],
  minutes: 30, // the compiler's first build takes most of it
});

/** @type {import('../../scripts/matrix.mjs').Row[]} */
export const rows = [
  row('x64-preload', 'x64.ts', 'preload'),
  row('x64-attach-workers', 'x64.ts', 'workers'),
  row('x64-terminate', 'x64.ts', 'terminate'),
  row('arm64-loads', 'arm64.ts'),
];
