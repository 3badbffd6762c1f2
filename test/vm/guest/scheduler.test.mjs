// The scheduler's life: loaded, switched to, run under load, detached, killed.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { after, beforeEach, test } from 'node:test';
import { App, endPrograms, hogs } from './programs.mjs';
import {
  kernelComplaints,
  nothingIsLoaded,
  PROGRAM,
  Scheduler,
  schedExtState,
  schedulerName,
} from './scheduler.mjs';
import { until } from './until.mjs';

const PIN = '/sys/fs/bpf/schedhint';

// A scheduler that was killed leaves its pin behind.
beforeEach(() => rmSync(PIN, { force: true }));
after(endPrograms);

test('it is loaded, schedules everything under load, and is detached', async () => {
  const scheduler = await Scheduler.start();
  assert.equal(schedulerName(), 'schedhint');
  assert.match(readFileSync('/proc/self/sched', 'utf8'), /ext\.enabled\s*:\s*1/);
  hogs(4);
  await scheduler.counted((counts) => counts.queued > 200 && counts.switches > 200);
  assert.ok(existsSync(PIN));
  const counts = await scheduler.stop();
  assert.equal(schedulerName(), null);
  assert.ok(!existsSync(PIN));
  // Nobody hinted anything.
  for (const name of ['gcAhead', 'helperAhead', 'lentNs', 'urgency', 'batchQueued', 'kicked']) {
    assert.equal(counts[name], 0, name);
  }
});

test('when it is killed the kernel has its own scheduler back', async () => {
  const scheduler = await Scheduler.start();
  await scheduler.kill();
  assert.equal(schedExtState(), 'disabled');
  assert.ok(existsSync(PIN), 'nobody was there to remove the pin');
});

test('a second one is refused, and says why', async () => {
  const scheduler = await Scheduler.start();
  const second = spawnSync(PROGRAM, ['--pin', '/sys/fs/bpf/second'], { encoding: 'utf8' });
  assert.equal(second.status, 1);
  assert.match(second.stderr, /another sched_ext scheduler is there/);
  assert.equal(schedulerName(), 'schedhint');
  await scheduler.stop();
});

test('it tells people what it does, and what it does not understand', () => {
  const run = (...args) => spawnSync(PROGRAM, args, { encoding: 'utf8' });
  assert.match(run('--help').stdout, /--process-loan MS/);
  assert.equal(run('--help').status, 0);
  assert.match(run('--hints', 'gc,luck').stderr, /--hints knows no "luck"/);
  assert.equal(run('--hints', 'gc,luck').status, 2);
  assert.match(run('--slice', '1').stderr, /wants a number from 100 to 100000/);
  assert.match(run('--object', '/nothing').stderr, /cannot open \/nothing/);
});

test('an app that was there before it binds when it comes, and again when it comes back', async () => {
  const app = new App();
  const state = async (wanted) => {
    let last;
    await until(
      `the app is ${wanted}`,
      async () => {
        last = await app.ask('state');
        return last.state === wanted && (wanted !== 'bound' || last.readBy !== null);
      },
      () => last,
    );
    return last;
  };
  await state('waiting');

  let scheduler = await Scheduler.start();
  const first = await state('bound');
  assert.equal(first.map, scheduler.ready.mapId);
  await scheduler.stop();
  await state('waiting');

  // Killed, it leaves map and pin behind: the app stays bound, and the next one reads on.
  scheduler = await Scheduler.start();
  const second = await state('bound');
  assert.notEqual(second.map, first.map);
  await scheduler.kill();
  assert.equal((await app.ask('state')).state, 'bound');
  scheduler = await Scheduler.start();
  assert.equal(scheduler.ready.mapId, second.map, 'the map that was there is used again');
  const { seenNs } = await app.ask('state');
  await app.ask('collect', 2);
  assert.ok(BigInt((await app.ask('state')).seenNs) > BigInt(seenNs));
  await scheduler.kill();

  // With the pin gone as well the next one makes a new map.
  rmSync(PIN);
  scheduler = await Scheduler.start();
  const third = await state('bound');
  assert.notEqual(third.map, second.map);
  await scheduler.stop();
  await app.end();
});

test('an app may end while it is scheduled, and one that is there after it ended goes on', async () => {
  const scheduler = await Scheduler.start();
  const [stays, goes] = [new App(), new App()];
  await Promise.all([stays.ask('collect', 2), goes.ask('collect', 2)]);
  await goes.end();
  await scheduler.stop();
  assert.equal(await stays.ask('collect', 2), 20_000);
  await until('it waits', async () => (await stays.ask('state')).state === 'waiting');
  await stays.end();
  await nothingIsLoaded();
  assert.deepEqual(kernelComplaints(), []);
});
