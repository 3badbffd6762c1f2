// `schedhint check`: each verdict has an app for which the kernel makes it the right one, and a control for which it is not given.

import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { closeSync, fdatasyncSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { buildNativeProbe } from '../rig/native-probe.js';
import { Cgroup, whyNoCgroup } from './cgroup.js';
import { app, check, names } from './check.js';

const node = process.execPath;
const onFirstCpu = ['taskset', '--cpu-list', '0'];

let scratch: string;
beforeAll(() => {
  scratch = mkdtempSync(join(tmpdir(), 'schedhint-check-'));
});
afterAll(() => rmSync(scratch, { recursive: true }));

/** The verdict of this name, or undefined. */
async function verdictOf(name: string, ...args: Parameters<typeof check>) {
  const report = await check(...args);
  return report.verdicts.find(({ verdict }) => verdict === name);
}

/** As root they run before all that the machine has to do; else they are at the mercy of what runs meanwhile. */
let inFront: string[] = [];
let front: Cgroup | null = null;
beforeAll(() => {
  if (whyNoCgroup('cpu') !== null) return;
  front = new Cgroup('cpu').setFirst();
  inFront = front.under;
});
afterAll(() => front?.remove());

describe('without privileges', () => {
  test('nothing wrong: an idle app', async () => {
    const report = await check([...inFront, node, app('waits')]);
    expect(names(report)).toEqual(['nothing wrong']);
    expect(report.ending).toMatch(/was ended by SIGINT: signal SIGINT\.$/);
  });

  test('own code: an app that blocks its event loop', async () => {
    const found = await verdictOf('own code', [...inFront, node, app('blocks')]);
    expect(found?.evidence[1]).toMatch(
      /^\d+ stalls of over 50 ms, the longest .* computing, 0 ms in calls/,
    );
    expect(found?.next).toMatch(/node --cpu-prof/);
  });

  test('not own code: the idle app', async () => {
    expect(await verdictOf('own code', [...inFront, node, app('waits')])).toBeUndefined();
  });

  test('gc: a young generation that is too small', async () => {
    const command = [...inFront, node, '--max-semi-space-size=1', app('short-lived')];
    const found = await verdictOf('gc', command);
    expect(found?.evidence[0]).toMatch(/^\d+\.\d minor collections a second took /);
    expect(found?.next).toMatch(/--max-semi-space-size=32, and compare$/);
  });

  test('not gc: a young generation that is large', async () => {
    const command = [...inFront, node, '--max-semi-space-size=128', app('short-lived')];
    expect(await verdictOf('gc', command)).toBeUndefined();
  });

  test('gc: a heap that is nearly full', async () => {
    const found = await verdictOf('gc', [
      ...inFront,
      node,
      '--max-old-space-size=60',
      app('full-heap'),
    ]);
    expect(found?.next).toMatch(/^start it with node --max-old-space-size=120 /);
  });

  test('not the heap: one with room, whose young objects may cost more', async () => {
    const command = [...inFront, node, '--max-old-space-size=500', app('full-heap')];
    const found = await verdictOf('gc', command);
    expect(found?.next ?? '').not.toMatch(/max-old-space-size/);
  });

  test('threadpool: hashes that compute', async () => {
    const found = await verdictOf('threadpool', [
      ...inFront,
      ...onFirstCpu,
      node,
      app('hashes'),
      '8',
    ]);
    expect(found?.next).toMatch(/more threads would not help, since they compute/);
  });

  test('not threadpool: 2 hashes at a time', async () => {
    expect(await verdictOf('threadpool', [...inFront, node, app('hashes'), '2'])).toBeUndefined();
  });

  test('threadpool: calls to the file system that wait', async () => {
    const fifo = join(scratch, 'fifo');
    execFileSync('mkfifo', [fifo]);
    const found = await verdictOf('threadpool', [...inFront, node, app('opens-fifos'), fifo]);
    expect(found?.next).toBe('start it with UV_THREADPOOL_SIZE=16');
    const env = { UV_THREADPOOL_SIZE: '16' };
    const control = [...inFront, node, app('opens-fifos'), fifo];
    expect(await verdictOf('threadpool', control, { env })).toBeUndefined();
  });
});

/** Skipped with its reason where there are no such cgroups. */
function describeWith(controller: 'cpu' | 'memory', tests: () => void): void {
  const name = `in a ${controller} cgroup`;
  const reason = whyNoCgroup(controller);
  if (reason !== null) console.warn(`skipped: check ${name}: ${reason}`);
  describe.skipIf(reason !== null)(name, tests);
}

describeWith('cpu', () => {
  let cgroup: Cgroup;
  const children: ChildProcess[] = [];
  afterEach(async () => {
    for (const child of children.splice(0)) child.kill('SIGKILL');
    await cgroup.remove();
  });

  function startHogs(): void {
    for (let i = 0; i < 3; i++) {
      children.push(spawn(onFirstCpu[0]!, [...onFirstCpu.slice(1), node, app('hog')]));
    }
  }

  test('quota: an app that needs more than its limit', async () => {
    cgroup = new Cgroup('cpu').setQuota(0.15).setFirst();
    const report = await check([...cgroup.under, node, app('works')], { seconds: 5 });
    const found = report.verdicts.find(({ verdict }) => verdict === 'quota');
    expect(found?.evidence[0]).toMatch(
      /^throttled in \d+ of \d+ periods, at a limit of 0\.[12] CPUs$/,
    );
    // It waits for its quota, and not for other programs.
    expect(names(report)).not.toContain('neighbours');
  });

  test('not quota: the same app under a limit that is large enough', async () => {
    cgroup = new Cgroup('cpu').setQuota(1.5);
    const command = [...cgroup.under, node, app('works')];
    expect(await verdictOf('quota', command)).toBeUndefined();
  });

  test('neighbours: the same app on a CPU with others', async () => {
    cgroup = new Cgroup('cpu');
    startHogs();
    const command = [...cgroup.under, ...onFirstCpu, node, app('works')];
    const report = await check(command);
    expect(names(report)).toContain('neighbours');
    expect(names(report)).not.toContain('quota');
  });

  test('threads: four threads of V8 on one CPU', async () => {
    cgroup = new Cgroup('cpu').setFirst();
    const command = [...cgroup.under, ...onFirstCpu, node, app('short-lived'), '4000'];
    const found = await verdictOf('threads', command);
    expect(found?.next).toBe('start it with node --v8-pool-size=1');
  });

  test('not threads: the same app, as that verdict says', async () => {
    cgroup = new Cgroup('cpu').setFirst();
    const appAsTold = ['--v8-pool-size=1', app('short-lived'), '4000'];
    const command = [...cgroup.under, ...onFirstCpu, node, ...appAsTold];
    expect(await verdictOf('threads', command)).toBeUndefined();
  });

  test('not neighbours: with the same others, which have to wait for it', async () => {
    cgroup = new Cgroup('cpu').setFirst();
    startHogs();
    const command = [...cgroup.under, ...onFirstCpu, node, app('works')];
    expect(await verdictOf('neighbours', command)).toBeUndefined();
  });
});

describeWith('memory', () => {
  const MB = 2 ** 20;
  let file: string;
  let cgroup: Cgroup;
  beforeAll(() => {
    file = join(scratch, 'pages');
    const fd = openSync(file, 'w');
    for (let i = 0; i < 100; i++) writeSync(fd, Buffer.alloc(MB, i));
    fdatasyncSync(fd);
    closeSync(fd);
    dropFromCache(file);
  });
  afterEach(() => cgroup.remove());

  /** The cgroup that reads it next is charged for its pages. */
  function dropFromCache(path: string): void {
    execFileSync('dd', [`if=${path}`, 'iflag=nocache', 'count=0'], { stdio: 'ignore' });
  }

  test('memory: an app with more pages than its limit', async () => {
    cgroup = new Cgroup('memory').setMemoryLimit(80 * MB);
    const command = [...cgroup.under, node, app('pages'), buildNativeProbe(), file];
    const found = await verdictOf('memory', command);
    expect(found?.next).toMatch(/^raise its memory limit/);
  });

  test('not memory: the same app under a limit that is large enough', async () => {
    dropFromCache(file);
    cgroup = new Cgroup('memory').setMemoryLimit(1000 * MB);
    const command = [...cgroup.under, node, app('pages'), buildNativeProbe(), file];
    expect(await verdictOf('memory', command)).toBeUndefined();
  });
});
