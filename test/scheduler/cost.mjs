// A row: instructions for a message there and back under each scheduler, on one CPU, next to scx_bpfland as released.

import { spawnSync } from 'node:child_process';
import { ExplainedError } from '../../scripts/private-apt.mjs';
import { runPeerGuest } from '../peers/peer-guest.mjs';
import { scxProgram } from '../peers/scx-program.mjs';
import { VERSION } from '../peers/subjects.mjs';
import { median } from '../vm/experiment/statistics.mjs';
import { readRowOptions } from './in-vm.mjs';
import { atMost } from './judge.mjs';
import { runRow } from './row.mjs';

const INPUTS = { operations: 50_000, samples: 3 };
const MOST = 1.2;

const options = readRowOptions();

await runRow('cost', options.isFull, async () => {
  if (spawnSync('perf', ['--version']).error) {
    throw new ExplainedError('perf is missing: apt-get install linux-perf');
  }
  const ours = (hints) => ({
    name: hints,
    program: options.program,
    args: ['--hints', hints, '--json'],
    hasStats: false,
  });
  const arms = [
    { name: 'kernel' },
    { name: 'bpfland', program: scxProgram('scx_bpfland', VERSION), args: [] },
    ours('none'),
    ours('all'),
  ];
  const input = JSON.stringify({ inputs: INPUTS, arms });
  const { kernel, names, samples } = await runPeerGuest('cost.mjs', [input], 'measured.json', {
    icount: true,
    cpus: 1,
  });
  const ns = Object.fromEntries(
    Object.entries(samples).map(([arm, values]) => [arm, median(values)]),
  );
  const line = ([arm, values]) => [
    arm === 'kernel'
      ? "kernel's default"
      : `${names[arm]}${arm === 'bpfland' ? '' : `, hints ${arm}`}`,
    ns[arm].toFixed(0),
    (ns[arm] / ns.bpfland).toFixed(3),
    values.map((value) => value.toFixed(0)).join(' '),
  ];
  return {
    versions: `${names.none}, ${names.bpfland}, Linux ${kernel}`,
    found: `of scx_bpfland's instructions: ${(ns.none / ns.bpfland).toFixed(2)} without hints, ${(ns.all / ns.bpfland).toFixed(2)} with`,
    table: [
      ['under', 'instructions for a message there and back', 'of bpfland', 'samples'],
      ...Object.entries(samples).map(line),
    ],
    checks: ['none', 'all'].map((hints) =>
      atMost(`hints ${hints}: of scx_bpfland's instructions`, ns[hints] / ns.bpfland, MOST),
    ),
  };
});
