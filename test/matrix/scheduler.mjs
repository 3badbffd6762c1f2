// What scx_schedhint guarantees, judged on real kernels in VMs whose time counts instructions: npm run matrix -- scheduler
//
// A row with a large machine takes long: `node COMMAND --now 1` measures one seed more, and `npm run matrix -- scheduler --only ROW` then has all.

const row = (name, minutes, ...args) => ({
  name,
  command: [`test/scheduler/${args[0]}.mjs`, ...args.slice(1)],
  minutes,
});

/** @type {import('../../scripts/matrix.mjs').Row[]} */
export const rows = [
  row('proof', 30, 'proof'),
  ...['2', '4', '8', '16'].map((cpus) => row(`fair-${cpus}`, 30, 'fair', cpus)),
  row('topology', 30, 'topology'),
  ...['2', '8'].map((cpus) => row(`bounded-${cpus}`, 30, 'bounded', cpus)),
  row('cgroups', 30, 'cgroups'),
  row('machine', 25, 'machine'),
  row('cost', 30, 'cost'),
  row('kernels', 20, 'kernels'),
  row('simulator-agrees', 15, 'simulator-agrees'),
  row('effect', 60, 'effect'),
];
