// The layers that a thread does not leave: scx_layered as it is released, and with integrations/scx/layered-leave applied, in the VM. A
// thread gets numbers that no layer names, and one that is deleted, which is what `schedhint doctor --layered` fails for.

import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ExplainedError } from '../../scripts/private-apt.mjs';
import { runPeerGuest, runRow } from './peer-guest.mjs';
import { scxProgram } from './scx-program.mjs';

const VERSION = '1.1.4';
const DOCTOR = fileURLToPath(new URL('../../packages/schedhint/bin/schedhint.js', import.meta.url));
const open = (name, ...rules) => ({ name, matches: [rules], kind: { Open: {} } });
const LAYERS = [
  open('first', { HintEquals: 100 }),
  open('latency', { HintEquals: 900 }),
  open('closed', { HintEquals: 300 }, { SystemCpuUtilBelow: 0 }),
  open('normal'),
];

/** By thread: the layer of each number in turn (guest/leaving-layers.mjs). */
const LEAVING = 'normal latency normal latency normal latency normal latency normal first';
const EXPECTED = {
  busy: {
    released: 'normal latency latency latency latency latency latency latency latency latency',
    leaving: LEAVING,
  },
  napping: {
    released: 'normal latency latency latency normal latency latency latency latency first',
    leaving: LEAVING,
  },
};

/** Compiles the program that writes numbers. */
function taskHint(dir) {
  const file = join(dir, 'task-hint');
  const source = fileURLToPath(new URL('guest/task-hint.c', import.meta.url));
  const { status, stderr } = spawnSync('cc', ['-O2', '-Wall', '-Werror', '-o', file, source], {
    encoding: 'utf8',
  });
  if (status !== 0) throw new ExplainedError(`cc ${source}: ${stderr}`);
  return file;
}

/** What the doctor has to say of these layers, by the options that give the numbers. */
const DIAGNOSES = {
  '--layered-urgency 512': 'no layer names 512 ',
  '--layered-normal none': 'a thread whose number is deleted stays in "latency"',
  '--layered-normal 300': '"closed" takes no thread while SystemCpuUtilBelow is exceeded',
};

/** Where the doctor does not fail for what the threads show. */
function missedByDoctor(dir) {
  const file = join(dir, 'layers.json');
  writeFileSync(file, JSON.stringify(LAYERS));
  return Object.entries(DIAGNOSES).flatMap(([options, fault]) => {
    const args = [DOCTOR, 'doctor', '--json', '--layered', file, ...options.split(' ')];
    const { stdout } = spawnSync(process.execPath, args, { encoding: 'utf8' });
    const { checks } = JSON.parse(stdout);
    return checks.some(({ state, found }) => state === 'fail' && found.startsWith(fault))
      ? []
      : [`the doctor does not say of ${options}: ${fault}`];
  });
}

const showPhases = (phases) =>
  phases.map(({ number, layer, use }) => `${number} -> ${layer} ${use[layer]} %`).join(', ');

await runRow(async () => {
  const programs = {
    released: scxProgram('scx_layered', VERSION),
    leaving: scxProgram('scx_layered', VERSION, { apply: ['layered-leave'] }),
  };
  const dir = mkdtempSync(join(tmpdir(), 'schedhint-peers-'));
  try {
    const helper = taskHint(dir);
    const faults = missedByDoctor(dir);
    const found = [];
    let kernel;
    for (const [name, program] of Object.entries(programs)) {
      const result = await runPeerGuest(
        'leaving-layers.mjs',
        [program, '/run/out/layers.json', '/run/out/task-hint'],
        'phases.json',
        { texts: { 'layers.json': JSON.stringify(LAYERS) }, programs: [helper] },
      );
      ({ kernel } = result);
      for (const [thread, expected] of Object.entries(EXPECTED)) {
        const phases = result.phases.filter((phase) => phase.thread === thread);
        found.push(`${name}, ${thread} thread: ${showPhases(phases)}`);
        const layers = phases.map(({ layer }) => layer).join(' ');
        if (layers !== expected[name])
          faults.push(`${name}, ${thread} thread: ${layers}, expected ${expected[name]}`);
      }
    }
    return {
      versions: `scx_layered ${VERSION}, as released and with integrations/scx/layered-leave, Linux ${kernel}`,
      found: `number -> layer and its % of a CPU: ${found.join('; ')}`,
      faults,
    };
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
});
