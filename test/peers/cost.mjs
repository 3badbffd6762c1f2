// A row: what a switch costs under a scheduler as released, with our lines in it and without --hints, and with it, compared with the kernel's
// default. In a VM with one CPU whose time counts instructions. Argument: the name of a subject.

import { spawnSync } from 'node:child_process';
import { ExplainedError } from '../../scripts/private-apt.mjs';
import { median } from '../vm/experiment/statistics.mjs';
import { runPeerGuest, runRow } from './peer-guest.mjs';
import { keepResult } from './results.mjs';
import { writeSchedulersPage } from './schedulers-page.mjs';
import { subjectOf } from './subjects.mjs';

const INPUTS = {
  operations: 50_000, // of each sample: a message there and back
  samples: 3, // of each arm: they agree within 0.1 %
};
/** What our lines may cost who does not ask for hints. */
const OFF_MAY_COST = 0.01;

/** `released` only where it is another program. */
function armsOf({ program, unpatched, args }) {
  return [
    { name: 'kernel' },
    ...(unpatched ? [{ name: 'released', program: unpatched(), args: args.off }] : []),
    { name: 'off', program: program(), args: args.off },
    { name: 'on', program: program(), args: args.on },
  ];
}

const percent = (ratio) => `${ratio >= 1 ? '+' : ''}${((ratio - 1) * 100).toFixed(2)} %`;

async function measure(name) {
  const subject = subjectOf(name);
  if (spawnSync('perf', ['--version']).error) {
    throw new ExplainedError('perf is missing: apt-get install linux-perf');
  }
  const input = JSON.stringify({ inputs: INPUTS, arms: armsOf(subject) });
  return await runPeerGuest('cost.mjs', [input], 'measured.json', {
    icount: true,
    cpus: 1,
    texts: subject.texts?.(),
  });
}

await runRow(async () => {
  const [name] = process.argv.slice(2);
  const { kernel, names, samples } = await measure(name);
  const ns = Object.fromEntries(
    Object.entries(samples).map(([arm, values]) => [arm, median(values)]),
  );
  const spread = Math.max(
    ...Object.values(samples).map((values) => Math.max(...values) / Math.min(...values)),
  );
  const versions = `${names.on}, Linux ${kernel}`;
  const base = ns.released ?? ns.off;
  const off = ns.released === undefined ? '' : `, without --hints ${percent(ns.off / base)}`;
  keepResult(name, 'cost', { versions, ns, spread });
  writeSchedulersPage();
  return {
    versions,
    found:
      `instructions for a message there and back: kernel's default ${ns.kernel.toFixed(0)}, ` +
      `${ns.released === undefined ? 'without hints' : 'as released'} ${base.toFixed(0)}${off}, ` +
      `with hints ${percent(ns.on / base)}; samples of an arm differ by ${percent(spread)} at most`,
    faults:
      Math.abs(ns.off / base - 1) > OFF_MAY_COST
        ? [`our lines cost ${percent(ns.off / base)} without --hints`]
        : [],
  };
});
