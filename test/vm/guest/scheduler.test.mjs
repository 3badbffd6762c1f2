// The scheduler's life: loaded, switched to, run under load, detached, killed.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { after, beforeEach, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { App, endPrograms, hogs } from './programs.mjs';
import {
  kernelComplaints,
  nothingIsLoaded,
  OURS,
  PROGRAM,
  Scheduler,
  schedExtState,
  schedulerName,
} from './scheduler.mjs';
import { STATS } from './stats-client.mjs';
import { until } from './until.mjs';

const PIN = '/sys/fs/bpf/schedhint';

// A scheduler that was killed leaves its pin behind.
beforeEach(() => rmSync(PIN, { force: true }));
after(endPrograms);

test('it is loaded, schedules everything under load, and is detached', async () => {
  const scheduler = await Scheduler.start();
  assert.match(schedulerName(), OURS);
  assert.match(readFileSync('/proc/self/sched', 'utf8'), /ext\.enabled\s*:\s*1/);
  hogs(4);
  await scheduler.counted((counts) => counts.queued > 200 && counts.switches > 200);
  assert.ok(existsSync(PIN));
  const counts = await scheduler.stop();
  assert.equal(scheduler.complaint, 'EXIT: unregistered from user space\n');
  assert.equal(schedulerName(), null);
  assert.ok(!existsSync(PIN));
  // No one hinted anything.
  for (const name of [
    'pauseQueued',
    'helperQueued',
    'urgencyQueued',
    'batchQueued',
    'hintedNs',
    'owedNs',
  ]) {
    assert.equal(counts[name], 0, name);
  }
  assert.equal(counts.restarts, 0);
});

test('when it is killed the kernel has its own scheduler back', async () => {
  const scheduler = await Scheduler.start();
  await scheduler.kill();
  assert.equal(schedExtState(), 'disabled');
  assert.ok(existsSync(PIN), 'no process was left to remove the pin');
});

test('a second one is refused, and says why', async () => {
  const scheduler = await Scheduler.start();
  const second = spawnSync(PROGRAM, ['--pin', '/sys/fs/bpf/second'], { encoding: 'utf8' });
  assert.equal(second.status, 1);
  assert.match(second.stderr, /another sched_ext scheduler is there: schedhint_/);
  assert.ok(!existsSync('/sys/fs/bpf/second'));
  assert.ok(existsSync(STATS), 'the socket is the first one’s');
  assert.match(schedulerName(), OURS);
  await scheduler.stop();
});

const run = (...args) => spawnSync(PROGRAM, args, { encoding: 'utf8' });

test('it says what it does, and what it does not understand', () => {
  const help = run('--help');
  assert.equal(help.status, 0);
  for (const text of ['--stats SEC', '--monitor SEC', '--ignore-cpu-max', 'Exit codes: 0', '75']) {
    assert.ok(help.stdout.includes(text), text);
  }
  assert.equal(run('-h').stdout, help.stdout);
  const misunderstood = (message, ...args) => {
    const { status, stderr, stdout } = run(...args);
    assert.match(stderr, message);
    assert.deepEqual([status, stdout], [2, '']);
  };
  misunderstood(/--hints knows no "luck"/, '--hints', 'gc,luck');
  misunderstood(/--slice requires a number from 100 to 100000/, '--slice', '1');
  misunderstood(/--stats requires seconds from 0.1 to 3600, not "0"/, '--stats', '0');
  misunderstood(/--monitor requires seconds .* not "1s"/, '--monitor', '1s');
  misunderstood(/--mode requires octal digits up to 777/, '--mode', '9');
  misunderstood(/unexpected argument "now"/, 'now');
  misunderstood(/unrecognized option '--process-loan'/, '--process-loan', '1');
});

test('it says its version, which the kernel has in its name', async () => {
  const { status, stdout } = run('--version');
  assert.equal(status, 0);
  const [, version] = /^scx_schedhint (\d+\.\d+\.\d+\S*)\nABI 1, libbpf 1\.7\n$/.exec(stdout);
  assert.equal(run('-V').stdout, stdout);
  const scheduler = await Scheduler.start();
  assert.equal(schedulerName(), `schedhint_${version}`);
  assert.equal(scheduler.ready.ops, `schedhint_${version}`);
  assert.equal(scheduler.ready.version, version);
  await scheduler.stop();
});

test('without its object, or with one that is no scheduler, it says so', () => {
  const refused = run('--object', '/nothing');
  assert.match(refused.stderr, /cannot open \/nothing: No such file or directory; build it/);
  assert.equal(refused.status, 1);
  const observer = new URL('../../../observer/build/observer.bpf.o', import.meta.url);
  assert.match(run('--object', fileURLToPath(observer)).stderr, /has no scheduler/);
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
