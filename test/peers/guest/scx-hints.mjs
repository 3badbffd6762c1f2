// In the VM: a scheduler of the scx project with integrations/scx applied, and the same as it is released. Writes what it found to
// $SCHEDHINT_VM_OUT/found.json. Arguments: the program with hints, the one without.

import assert from 'node:assert/strict';
import { existsSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { release } from 'node:os';
import { join } from 'node:path';
import { App, end, endPrograms, hogs } from '../../vm/guest/programs.mjs';
import { kernelComplaints, schedulerName } from '../../vm/guest/scheduler.mjs';
import { until } from '../../vm/guest/until.mjs';
import { giveKernelConfig, instructionsOfOps, mapsNamed, ScxScheduler } from './scx-scheduler.mjs';

const [withHints, asReleased] = process.argv.slice(2);
const PIN = '/sys/fs/bpf/schedhint';
const found = { kernel: release(), instructions: {}, hinted: {} };

const say = (what, value) => console.log(`${what}: ${JSON.stringify(value)}`);
/** More decisions than before are changed while an app does this again and again. */
async function raises(scheduler, name, work) {
  const before = await scheduler.hinted();
  await until(`${name} changes decisions`, async () => {
    await work();
    return (await scheduler.hinted()) > before;
  });
  found.hinted[name] = (await scheduler.hinted()) - before;
  say(name, found.hinted[name]);
}

giveKernelConfig();

// As released, and with the patch but without --hints: the same programs, no map, no pin.
for (const [name, program] of Object.entries({ released: asReleased, off: withHints })) {
  const scheduler = await ScxScheduler.start(program);
  found.scheduler = schedulerName();
  found.instructions[name] = instructionsOfOps();
  assert.deepEqual(mapsNamed('schedhint'), [], `${name}: a map`);
  assert.ok(!existsSync(PIN), `${name}: a pin`);
  if (name === 'off') assert.equal(await scheduler.hinted(), 0);
  await scheduler.stop();
}

let scheduler = await ScxScheduler.start(withHints, ['--hints', PIN]);
found.instructions.on = instructionsOfOps();
assert.equal(mapsNamed('schedhint').length, 1);
assert.equal(statSync(PIN).mode & 0o777, 0o600);

say('instructions', found.instructions);

// An app that gives no hints changes nothing.
const busy = hogs(3);
const silent = new App({ SCHEDHINT: 'off' });
await silent.ask('spin', 500);
await silent.ask('collect', 5);
await silent.ask('wake', 500);
found.hinted.silent = await scheduler.hinted();
assert.equal(found.hinted.silent, 0, 'decisions changed without a hint');
await silent.end();

const app = new App();
assert.equal((await app.ask('state')).state, 'bound');
await raises(scheduler, 'collections', () => app.ask('collect', 5));
await app.ask('hints', { urgency: 900 });
await raises(scheduler, 'urgency', () => app.ask('spin', 200));
await app.ask('hints', { urgency: 512, batch: true });
await raises(scheduler, 'batch', () => app.ask('wake', 200));
await app.ask('hints', { batch: false, sliceUs: 700 });
await raises(scheduler, 'slice', () => app.ask('spin', 200));
await app.ask('hints', { sliceUs: 0 });
await raises(scheduler, 'deadline', async () => {
  await app.ask('hints', { deadlineMs: 100 }); // it counts when it is near
  await app.ask('spin', 100);
});

// Killed, it leaves its pin; the next one takes over the map, to which the app is bound still. (Next to hogs loading takes minutes.)
const { map } = await app.ask('state');
await end(busy);
await scheduler.kill();
assert.ok(existsSync(PIN));
scheduler = await ScxScheduler.start(withHints, ['--hints', PIN]);
assert.deepEqual(
  mapsNamed('schedhint').map(({ id }) => id),
  [map],
);
hogs(3);
await app.ask('hints', { urgency: 900 });
await raises(scheduler, 'after a restart', () => app.ask('spin', 200));
await endPrograms();
assert.match(await scheduler.stop(), /hints changed \d+ decisions/);
assert.ok(existsSync(PIN), 'it removed a pin that it had found');
rmSync(PIN);

// It removes the pin that it has made.
scheduler = await ScxScheduler.start(withHints, ['--hints', PIN]);
await scheduler.stop();
assert.ok(!existsSync(PIN), 'the pin is left');

assert.deepEqual(kernelComplaints(), []);
writeFileSync(join(process.env.SCHEDHINT_VM_OUT, 'found.json'), JSON.stringify(found));
