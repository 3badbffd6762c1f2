// How the scheduler ends when the kernel ends it, and how it begins again when a CPU goes on- or offline.

import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import { afterEach, beforeEach, test } from 'node:test';
import { App, endPrograms, hogs } from './programs.mjs';
import { kernelComplaints, OURS, Scheduler, schedExtState, schedulerName } from './scheduler.mjs';
import { STATS } from './stats-client.mjs';
import { until } from './until.mjs';

const PIN = '/sys/fs/bpf/schedhint';
const CPU = '/sys/devices/system/cpu/cpu1/online';
const ENDED_BY_KERNEL = 75;

const online = (is) => writeFileSync(CPU, is ? '1' : '0');

beforeEach(() => rmSync(PIN, { force: true }));
afterEach(async () => {
  await endPrograms();
  online(true);
});

/** Turns the CPU off or on and waits until the scheduler has begun again. */
async function turn(scheduler, is) {
  const { length } = scheduler.restarts;
  online(is);
  await until(
    `it has begun again, the CPU being ${is ? 'on' : 'off'}`,
    () => scheduler.restarts.length > length,
    () => scheduler.complaint,
  );
  assert.match(schedulerName(), OURS);
  return scheduler.restarts.at(-1);
}

test('when a CPU goes off and on it begins again, and clients stay bound', async () => {
  const app = new App();
  const scheduler = await Scheduler.start();
  let before;
  await until('the app is bound', async () => {
    before = await app.ask('state');
    return before.state === 'bound' && before.readBy !== null;
  });
  hogs(2);
  const counted = await scheduler.counted((counts) => counts.switches > 100);

  assert.match((await turn(scheduler, false)).message, /cpu 1 going offline/);
  assert.match((await turn(scheduler, true)).message, /cpu 1 going online/);

  assert.equal(scheduler.process.exitCode, null);
  const now = await app.ask('state');
  assert.equal(now.map, before.map);
  await app.ask('collect', 2);
  const later = await app.ask('state');
  assert.ok(BigInt(later.seenNs) > BigInt(now.seenNs), 'it is read again');
  // Counts are of its whole life.
  const counts = await scheduler.counted((counts) => counts.restarts === 2);
  assert.ok(counts.switches > counted.switches);
  assert.ok(existsSync(PIN));
  await scheduler.stop();
  assert.ok(!existsSync(PIN));
  await app.end();
});

test('a CPU that is off when it starts is no matter', async () => {
  online(false);
  const scheduler = await Scheduler.start();
  assert.equal(scheduler.ready.cpus, 2);
  await turn(scheduler, true);
  await scheduler.stop();
});

test('when the kernel ends it, it says why, cleans up, and may be started again', async () => {
  const scheduler = await Scheduler.start();
  writeFileSync('/proc/sysrq-trigger', 'S');
  assert.equal(await scheduler.end(), ENDED_BY_KERNEL);
  assert.match(scheduler.complaint, /^EXIT: .*sysrq.*$/im);
  assert.equal(scheduler.ended.type, 'ended');
  assert.match(scheduler.ended.reason, /sysrq/i);
  assert.equal(schedExtState(), 'disabled');
  assert.ok(!existsSync(PIN));
  assert.ok(!existsSync(STATS));
  await (await Scheduler.start()).stop();
});

test('limits of CPU time are no reason not to start where the kernel lets the scheduler know of them', async () => {
  const limited = '/sys/fs/cgroup/limited';
  writeFileSync('/sys/fs/cgroup/cgroup.subtree_control', '+cpu');
  mkdirSync(limited);
  writeFileSync(`${limited}/cpu.max`, '20000 100000');
  assert.match(readFileSync(`${limited}/cpu.max`, 'utf8'), /^20000 /);
  const scheduler = await Scheduler.start();
  await scheduler.stop();
  rmdirSync(limited);
  assert.deepEqual(kernelComplaints(), []);
});
