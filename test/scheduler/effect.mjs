// A row: what an app's hints bring, under the scheduler that was here before and under this one, each with the kernel's default in the same
// boots. It runs as the rows `measure-NAME` of test/matrix/peers.mjs do.

import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { ExplainedError } from '../../scripts/private-apt.mjs';
import { effects, inWords, MEASURES, withInterval } from '../peers/hint-effect.mjs';
import { INPUTS } from '../peers/off-on-inputs.mjs';
import { runPeerGuest } from '../peers/peer-guest.mjs';
import { cacheOf } from '../peers/results.mjs';
import { hasPair, readPairs, writePair } from '../vm/experiment/results.mjs';
import { earlierProgram } from './earlier.mjs';
import { withHogs } from './host-hogs.mjs';
import { readRowOptions } from './in-vm.mjs';
import { atLeast, atMost, holds } from './judge.mjs';
import { runRow } from './row.mjs';

const BOOTS = 2;
/** Times as good as before, which two boots cannot show more exactly. */
const KEPT = 0.9;
/** Times the kernel's default without hints. */
const OFF_MOST = 1.1;

const options = readRowOptions();
let made = 0;

/** What was measured in all boots under one scheduler: those that are missing are made. */
async function measure(name, program) {
  const object = readFileSync(join(dirname(program), 'scx_schedhint.bpf.o'));
  const build = createHash('sha256').update(readFileSync(program)).update(object).digest('hex');
  const inputs = JSON.parse(JSON.stringify({ ...INPUTS, build }));
  const hash = createHash('sha256').update(JSON.stringify(inputs)).digest('hex').slice(0, 12);
  const directory = cacheOf(join(withHogs('scheduler'), `effect-${hash}`));
  const args = { on: ['--hints', 'all', '--json'] };
  const scheduler = { name, program, args, counts: false, env: {}, hasStats: false };
  for (let boot = 1; boot <= (options.short ? 1 : BOOTS); boot++) {
    if (hasPair(directory, boot)) continue;
    if (made++ === options.now) throw new ExplainedError(`${name}: boot ${boot} is missing`);
    const input = JSON.stringify({ inputs, boot, scheduler });
    const measured = await runPeerGuest('off-on.mjs', [input], 'measured.json', { icount: true });
    writePair(directory, boot, { inputs, ...measured });
  }
  const boots = readPairs(directory, inputs);
  const [pairs, control] = ['pairs', 'control'].map((of) => boots.flatMap((boot) => boot[of]));
  return {
    under: effects(pairs),
    control: effects(control),
    ops: boots[0].ops,
    kernel: boots[0].kernel,
  };
}

/**
 * Where a scheduler without hints has become better, hints have less to bring: then what they bring is kept if with them it takes no longer than
 * it did.
 */
function judgeKept(title, was, is) {
  const [ratio, time] = [is.ratio.value / was.ratio.value, is.on / was.on];
  return holds(
    `${title}: the effect is kept`,
    ratio >= KEPT || time <= 1 / KEPT,
    `off / on ${ratio.toFixed(2)} of what it was, with hints ${time.toFixed(2)} times as long (>= ${KEPT}, or <= ${(1 / KEPT).toFixed(2)})`,
  );
}

await runRow('effect', options.isFull, async () => {
  const before = await measure('before', earlierProgram());
  const now = await measure('now', options.program);
  const table = [
    [
      'measure',
      'off / on before',
      'off / on now',
      'off, ms',
      'on',
      "kernel's default",
      'off before',
    ],
  ];
  const checks = [];
  for (const [measure, { title }] of Object.entries(MEASURES)) {
    const [was, is, byDefault] = [before.under[measure], now.under[measure], now.control[measure]];
    table.push([
      title,
      withInterval(was.ratio),
      withInterval(is.ratio),
      ...[is.off, is.on, byDefault.off, was.off].map((value) => value.toFixed(1)),
    ]);
    if (measure === 'hogs') {
      checks.push(
        atLeast(
          "CPUs of the hogs without hints, of the kernel's default",
          is.off / byDefault.off,
          2 - OFF_MOST,
        ),
      );
      continue;
    }
    if (measure === 'p99')
      checks.push(atLeast(`${title}: off / on, not worse with hints`, is.ratio.value, 1));
    else checks.push(judgeKept(title, was, is));
    checks.push(
      atMost(`${title}: without hints, of the kernel's default`, is.off / byDefault.off, OFF_MOST),
    );
  }
  return {
    versions: `${now.ops}, Linux ${now.kernel}`,
    found: `hints off / on: ${inWords(now.under)}; before: ${inWords(before.under)}`,
    table,
    checks,
  };
});
