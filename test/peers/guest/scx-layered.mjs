// In the VM: a busy thread under scx_layered, with and without a hint. Writes the CPU time in each
// layer, by phase, to $SCHEDHINT_VM_OUT/phases.json. Arguments: the program, the layers.

import assert from 'node:assert/strict';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { release } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Layered } from './layered-stats.mjs';
import { giveKernelConfig } from './scx-scheduler.mjs';

const [program, layersFile] = process.argv.slice(2);
const out = process.env.SCHEDHINT_VM_OUT;
const MAP = '/sys/fs/bpf/scx_hints';

giveKernelConfig();

const scheduler = await Layered.start(program, ['--task-hint-map', MAP], layersFile);

const app = fork(fileURLToPath(new URL('hinted-app.mjs', import.meta.url)), {
  env: { ...process.env, SCHEDHINT_LAYERED_MAP: MAP },
  execArgv: ['--expose-gc'],
});
async function ask(request, argument) {
  const answered = once(app, 'message');
  app.send({ request, argument });
  return (await answered)[0].answer;
}

assert.equal((await ask('status')).state, 'bound');
const phases = {};
async function phase(name, request, argument) {
  if (request !== undefined) await ask(request, argument);
  phases[name] = await scheduler.utilisation();
  console.log(name, JSON.stringify(phases[name]));
}
await phase('before');
await phase('urgency 900', 'urgency', 900);
await phase('urgency 0', 'urgency', 0);
await phase('collecting', 'collect', true);
await phase('collected', 'collect', false);

writeFileSync(join(out, 'phases.json'), JSON.stringify({ kernel: release(), phases }));
const gone = once(app, 'exit');
app.kill('SIGKILL');
await gone;
await scheduler.stop();
