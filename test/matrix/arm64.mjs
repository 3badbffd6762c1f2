// Debian's kernels for arm64, emulated: npm run matrix -- arm64

const row = (name, pageBytes) => ({
  name,
  command: [
    ...['--import', 'ts-blank-space/register', 'test/matrix/arm64/boot.ts'],
    ...[`arm64-${name}`, String(pageBytes)],
  ],
  minutes: 40,
});

/** @type {import('../../scripts/matrix.mjs').Row[]} */
export const rows = [row('4k', 4096), row('16k', 16384)];
