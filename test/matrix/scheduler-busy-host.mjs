// The same rows while this machine's CPUs are busy, and whether both runs agree: npm run matrix -- scheduler-busy-host

import { rows as quiet } from './scheduler.mjs';

/** Those whose machine counts instructions. The row with changes at random has no figures, and `kernels` only asks what works. */
const MEASURED = quiet.filter(({ name }) => !['machine', 'kernels', 'proof'].includes(name));

/** @type {import('../../scripts/matrix.mjs').Row[]} */
export const rows = [
  ...MEASURED.map(({ command, minutes, ...row }) => ({
    ...row,
    command: [...command, '--busy-host'],
    minutes: minutes * 3,
  })),
  { name: 'agree', command: ['test/scheduler/agree.mjs'], minutes: 1 },
];
