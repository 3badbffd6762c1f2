// Other people's programs that read what we write: npm run matrix -- peers

/** @type {import('../../scripts/matrix.mjs').Row[]} */
export const rows = [
  { name: 'scx_layered', command: ['test/peers/scx-layered.mjs'], minutes: 40 },
  // The kernel's own BPF half of task local data, in each of its layouts.
  ...['a', 'b', 'c'].map((layout) => ({
    name: `tld-${layout}`,
    command: ['--import', 'ts-blank-space/register', 'test/peers/tld/row.ts', layout],
    minutes: 15,
  })),
  { name: 'lavd', command: ['test/peers/lavd.mjs'], minutes: 60 },
  { name: 'bpfland', command: ['test/peers/bpfland.mjs'], minutes: 60 },
];
