// What others read of the scheduler while it runs: by its socket, as the tools of scx do, by --monitor, and on its stdout.

import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { afterEach, beforeEach, test } from 'node:test';
import { endPrograms, hogs } from './programs.mjs';
import { PROGRAM, Scheduler, schedulerName, trackScheduler } from './scheduler.mjs';
import { STATS, StatsClient } from './stats-client.mjs';
import { until } from './until.mjs';

beforeEach(() => rmSync('/sys/fs/bpf/schedhint', { force: true }));
afterEach(endPrograms);

/** A program of which all lines of stdout are kept. */
function follow(args) {
  const child = trackScheduler(spawn(PROGRAM, args, { stdio: ['ignore', 'pipe', 'pipe'] }));
  const followed = { child, lines: [], complaint: '', closed: once(child, 'close') };
  child.stderr.setEncoding('utf8').on('data', (text) => {
    followed.complaint += text;
  });
  createInterface({ input: child.stdout }).on('line', (line) => followed.lines.push(line));
  return followed;
}

test('its socket has the counts of its reports, and what they mean', async () => {
  const scheduler = await Scheduler.start();
  hogs(2);
  const client = new StatsClient();
  const meta = await client.ask('stats_meta');
  const first = await client.ask('stats');
  await scheduler.counted((counts) => counts.switches > first.switches);
  const second = await client.ask('stats', { target: 'top' });
  assert.ok(second.switches > first.switches);
  const { type, final, restarts, ...counts } = scheduler.counts;
  assert.deepEqual(Object.keys(second), Object.keys(counts));
  assert.deepEqual(Object.keys(meta.Schedhint.fields), Object.keys(counts));
  client.end();
  await scheduler.stop();
  assert.ok(!existsSync(STATS));
});

test('--monitor prints what happens, and ends with the scheduler', async () => {
  const alone = spawnSync(PROGRAM, ['--monitor', '1'], { encoding: 'utf8' });
  assert.equal(alone.status, 1);
  assert.match(alone.stderr, /cannot read statistics at .*; no scheduler runs that offers them/);

  const scheduler = await Scheduler.start();
  hogs(2);
  const people = follow(['--monitor', '0.2']);
  const programs = follow(['--monitor', '0.2', '--json']);
  await until(
    'both have printed twice',
    () =>
      people.lines.filter((line) => /^ +\d+ {2}switches +tasks put on a CPU$/.test(line)).length >
        1 && programs.lines.length > 1,
    () => [people, programs].map(({ lines, complaint }) => [lines.slice(0, 5), complaint]),
  );
  const [first, second] = programs.lines.map((line) => JSON.parse(line));
  assert.ok(second.switches >= first.switches);
  assert.equal(first.type, 'statistics');

  people.child.kill('SIGINT');
  assert.equal((await people.closed)[0], 0);
  await scheduler.stop();
  assert.equal((await programs.closed)[0], 1);
  assert.match(programs.complaint, /the scheduler has ended/);
});

test('without --stats it says that it runs, and why it ended', async () => {
  const { child, lines, closed } = follow([]);
  await until('it runs', () => lines.length > 0);
  const kernel = readFileSync('/proc/sys/kernel/osrelease', 'utf8').trim();
  assert.equal(
    lines[0],
    `${schedulerName()} schedules on Linux ${kernel} (CPUs: 2, last-level caches: 1), hints in /sys/fs/bpf/schedhint`,
  );
  child.kill('SIGINT');
  assert.equal((await closed)[0], 0);
  assert.equal(lines.length, 1, lines.join('\n'));
});

test('a reader of its reports that stops reading, or goes away, does not end it', async () => {
  const { child, closed } = follow(['--stats', '0.1']);
  await until('it runs', () => schedulerName() !== null && existsSync(STATS));
  child.stdout.destroy();
  const client = new StatsClient();
  const { switches } = await client.ask('stats');
  await until('it has gone on', async () => (await client.ask('stats')).switches > switches + 100);
  assert.equal(child.exitCode, null);
  client.end();
  child.kill('SIGTERM');
  assert.equal((await closed)[0], 0);

  // A pipe that is full.
  const full = trackScheduler(
    spawn('sh', [
      '-c',
      `mkfifo /tmp/full && exec 3<>/tmp/full && exec "$0" --stats 0.1 >&3`,
      PROGRAM,
    ]),
  );
  await until('it runs', () => existsSync(STATS));
  const other = new StatsClient();
  await until('it answers', async () => (await other.ask('stats')).switches > 0);
  other.end();
  // 64 KiB of reports take a while; fill it from here instead.
  spawnSync('sh', ['-c', 'timeout 1 cat /dev/zero >/tmp/full']);
  await new StatsClient().ask('stats');
  const ended = once(full, 'close');
  full.kill('SIGTERM');
  assert.equal((await ended)[0], 0);
});
