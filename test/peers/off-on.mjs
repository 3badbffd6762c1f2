// A row: what an app's hints bring under a scheduler, in VMs whose time counts instructions. What each boot measured is kept outside of
// the checkout until the row is complete, so one that was interrupted goes on.

import { createHash } from 'node:crypto';
import { rmSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { ExplainedError } from '../../scripts/private-apt.mjs';
import { hasPair, readPairs, writePair } from '../vm/experiment/results.mjs';
import { quantile } from '../vm/experiment/statistics.mjs';
import { effects, inWords, MEASURES } from './hint-effect.mjs';
import { INPUTS } from './off-on-inputs.mjs';
import { runPeerGuest, runRow } from './peer-guest.mjs';
import { cacheOf, keepResult } from './results.mjs';
import { writeSchedulersPage } from './schedulers-page.mjs';
import { subjectOf } from './subjects.mjs';

const USAGE = `Usage: node test/peers/off-on.mjs NAME [--boots N] [--now N]

  --boots N   of the VM, with three pairs under the scheduler and one under the kernel's default in each (2)
  --now N     only so many boots, if that many are missing: the next call goes on
`;

/** What a boot is measured with. */
const inputsOf = (name) => ({
  ...INPUTS,
  args: subjectOf(name).args,
  program: subjectOf(name).program(),
});

async function bootOnce(name, boot, inputs) {
  const { args, counts, env = {}, texts } = subjectOf(name);
  const scheduler = { name, args, counts, env, program: inputs.program };
  const input = JSON.stringify({ inputs, boot, scheduler });
  const measured = await runPeerGuest('off-on.mjs', [input], 'measured.json', {
    icount: true,
    texts: texts?.(),
  });
  return { inputs, ...measured };
}

/** What was measured in all boots: those that are missing are made, `now` of them at most. */
async function measure(name, boots, now) {
  const inputs = inputsOf(name);
  // Results of other inputs, or of another program, are not mixed with these.
  const hash = createHash('sha256').update(JSON.stringify(inputs)).digest('hex');
  const directory = cacheOf(`off-on-${name}-${hash.slice(0, 12)}`);
  let made = 0;
  for (let boot = 1; boot <= boots; boot++) {
    if (hasPair(directory, boot)) continue;
    if (made++ === now) throw new ExplainedError(`${name}: boot ${boot} of ${boots} is missing`);
    console.error(`boot ${boot} of ${boots}`);
    writePair(directory, boot, await bootOnce(name, boot, inputs));
  }
  return { directory, measured: readPairs(directory, inputs) };
}

/** For people: medians of each arm. */
function printMedians(under, control) {
  const show = (found, measure, arm) => found[measure][arm].toFixed(1).padStart(8);
  for (const [measure, { title }] of Object.entries(MEASURES)) {
    const arms = [under, control].map((found) =>
      ['off', 'on'].map((arm) => show(found, measure, arm)).join(''),
    );
    console.error(`${title.padEnd(18)} off, on:${arms[0]}; kernel's default:${arms[1]}`);
  }
}

await runRow(async () => {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { boots: { type: 'string', default: '2' }, now: { type: 'string' } },
  });
  const [name] = positionals;
  if (name === undefined) throw new ExplainedError(USAGE);
  const { directory, measured } = await measure(name, Number(values.boots), Number(values.now));
  const [pairs, controls] = ['pairs', 'control'].map((of) => measured.flatMap((boot) => boot[of]));
  const [under, control] = [effects(pairs), effects(controls)];
  printMedians(under, control);
  const lateness = pairs.flatMap(({ off, on }) => [...off.lateness, ...on.lateness]);
  console.error(`the client was late by ${quantile(lateness, 0.99).toFixed(1)} ms, p99`);
  const [{ ops, kernel }] = measured;
  const versions = `${ops}, Linux ${kernel}`;
  const counts = { pairs: pairs.length, controlPairs: controls.length };
  keepResult(name, 'offOn', { versions, ...counts, under, control });
  writeSchedulersPage();
  rmSync(directory, { recursive: true });
  return {
    versions,
    found: `hints off / on, ${counts.pairs} pairs: ${inWords(under)}; the kernel's default in the same boots: ${inWords(control)}`,
    faults: [],
  };
});
