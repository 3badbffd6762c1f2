// Other people's programs that read what we write: npm run matrix -- peers

const measure = (name) => ({
  name: `measure-${name}`,
  command: ['test/peers/off-on.mjs', name],
  minutes: 30,
});
const cost = (name) => ({
  name: `cost-${name}`,
  command: ['test/peers/cost.mjs', name],
  minutes: 30,
});

/** What takes hints, with scx_layered as released: it has its own channel. */
const MEASURED = ['layered', 'layered-released', 'lavd', 'bpfland'];

/** @type {import('../../scripts/matrix.mjs').Row[]} */
export const rows = [
  { name: 'scx_layered', command: ['test/peers/scx-layered.mjs', 'newest', '6.17'], minutes: 40 },
  { name: 'doctor', command: ['test/peers/doctor-layers.mjs'], minutes: 30 },
  {
    name: 'layered',
    command: ['test/peers/scx-layered-hints.mjs', 'newest', '6.17'],
    minutes: 60,
  },
  { name: 'layered-leave', command: ['test/peers/scx-layered-leave.mjs'], minutes: 60 },
  { name: 'layered-liar', command: ['test/peers/scx-layered-liar.mjs'], minutes: 60 },
  // The kernel's own BPF half of task local data, in each of its layouts.
  ...['a', 'b', 'c'].map((layout) => ({
    name: `tld-${layout}`,
    command: ['--import', 'ts-blank-space/register', 'test/peers/tld/row.ts', layout],
    minutes: 15,
  })),
  // The clients of scx_stats read the statistics of scx_schedhint.
  { name: 'scx-stats', command: ['test/peers/scx-stats.mjs'], minutes: 30 },
  { name: 'lavd', command: ['test/peers/lavd.mjs'], minutes: 60 },
  { name: 'bpfland', command: ['test/peers/bpfland.mjs'], minutes: 60 },
  ...MEASURED.map(measure),
  ...MEASURED.map(cost),
];
