// In the VM: scx_layered with integrations/scx/layered applied, and the same as it is released. A busy app with the preload and nothing
// else is in the layer of its hint. Writes what it found to $SCHEDHINT_VM_OUT/found.json.
// Arguments: the program as released, the one with hints, the layers.

import assert from 'node:assert/strict';
import { existsSync, statSync, writeFileSync } from 'node:fs';
import { release } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { App, endPrograms } from '../../vm/guest/programs.mjs';
import { kernelComplaints } from '../../vm/guest/scheduler.mjs';
import { Layered } from './layered-stats.mjs';
import { giveKernelConfig, instructionsOfOps, mapsNamed } from './scx-scheduler.mjs';

const [asReleased, withHints, layersFile] = process.argv.slice(2);
const PIN = '/sys/fs/bpf/schedhint';
const BATCH = 200;
const found = { kernel: release(), instructions: {}, hinted: {}, phases: {} };

giveKernelConfig();

const program = fileURLToPath(new URL('preloaded-app.mjs', import.meta.url));

async function phase(scheduler, app, name, hints) {
  if (hints !== undefined) await app.ask('hints', hints);
  found.phases[name] = await scheduler.utilisation();
  console.log(name, JSON.stringify(found.phases[name]), scheduler.hinted);
}

// As released, and with the patch but without --hints: no map, no pin, no effect.
for (const [name, scx] of Object.entries({ released: asReleased, off: withHints })) {
  const scheduler = await Layered.start(scx, [], layersFile);
  found.instructions[name] = instructionsOfOps();
  assert.deepEqual(mapsNamed('schedhint'), [], `${name}: a map`);
  assert.ok(!existsSync(PIN), `${name}: a pin`);
  if (name === 'off') {
    const app = new App({}, { program });
    await phase(scheduler, app, 'off, urgency 900', { urgency: 900 });
    found.hinted.off = scheduler.hinted;
    await app.end();
  }
  await scheduler.stop();
}

const scheduler = await Layered.start(
  withHints,
  ['--hints', PIN, '--hint-batch', String(BATCH)],
  layersFile,
);
found.instructions.on = instructionsOfOps();
assert.equal(mapsNamed('schedhint').length, 1);
assert.equal(statSync(PIN).mode & 0o777, 0o600);
const app = new App({}, { program });
assert.equal(await app.ask('state'), 'bound');
await phase(scheduler, app, 'no opinion');
await phase(scheduler, app, 'urgency 900', { urgency: 900 });
await phase(scheduler, app, 'urgency 0', { urgency: 0 });
await phase(scheduler, app, 'batch', { batch: true });
await phase(scheduler, app, 'not batch', { batch: false });
await app.ask('collect', true);
await phase(scheduler, app, 'collecting');
await app.ask('collect', false);
await phase(scheduler, app, 'collected');
found.hinted.on = scheduler.hinted;
await app.end();
await scheduler.stop();
assert.ok(!existsSync(PIN), 'the pin is left');

assert.deepEqual(kernelComplaints(), []);
writeFileSync(join(process.env.SCHEDHINT_VM_OUT, 'found.json'), JSON.stringify(found));
await endPrograms();
