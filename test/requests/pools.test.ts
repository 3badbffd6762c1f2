// What the kernel sees of the workers of real pools while tasks with hints run: schedhint/piscina with piscina and tinypool.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { deadlineIn } from 'schedhint';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { LineProcess } from '../rig/json-lines-process.js';
import { describeOnKernel } from '../rig/kernel-support.js';
import { Published } from './published.js';

const [LOW, HIGH, CRITICAL] = [256, 768, 1024];

let published: Published;
let pool: LineProcess;
let directory: string;

async function start(...args: string[]): Promise<void> {
  published = await Published.watch();
  directory = mkdtempSync(join(tmpdir(), 'schedhint-pool-'));
  const [name, ...rest] = args;
  const program = fileURLToPath(new URL('programs/pool.mjs', import.meta.url));
  pool = new LineProcess(process.execPath, [program, name!, directory, ...rest], {
    env: { NODE_OPTIONS: '', SCHEDHINT_BROKER: '', SCHEDHINT_MAP: published.map },
  });
  expect(await pool.next()).toEqual({ ready: true });
}

async function stop(): Promise<void> {
  await pool?.kill();
  await published?.stop();
  if (directory !== undefined) rmSync(directory, { recursive: true });
}

/** Lets the tasks with this text end. */
const release = (text: string) => writeFileSync(join(directory, text), '');

for (const name of ['piscina', 'tinypool']) {
  describeOnKernel(`tasks of ${name}`, () => {
    beforeAll(() => start(name));
    afterAll(stop);

    const areSeen = (...urgencies: number[]) => published.until(pool.pid, urgencies, 'workers');

    test('each worker has the hints of its task, and none after it', async () => {
      const from = deadlineIn(25_000);
      pool.send('run critical a 25000');
      pool.send('run low b');
      const [, urgent] = await areSeen(LOW!, CRITICAL!);
      expect(BigInt(urgent!.deadlineNs)).toBeGreaterThanOrEqual(from);
      expect(BigInt(urgent!.deadlineNs)).toBeLessThanOrEqual(deadlineIn(25_000));
      release('b');
      expect(await pool.next()).toEqual({ text: 'b', pid: pool.pid });
      await areSeen(0, CRITICAL!);
      release('a');
      expect(await pool.next()).toEqual({ text: 'a', pid: pool.pid });
      const after = await areSeen(0, 0);
      expect(after.map(({ deadlineNs }) => deadlineNs)).toEqual(['0', '0']);
    });

    test('a task that fails', async () => {
      pool.send('run high bad');
      await areSeen(0, HIGH!);
      release('bad');
      expect(await pool.next()).toEqual({ message: 'bad' });
      await areSeen(0, 0);
    });

    test('a task without hints', async () => {
      release('plain');
      pool.send('run - plain');
      expect(await pool.next()).toEqual({ text: 'plain', pid: pool.pid });
      await areSeen(0, 0);
    });

    test("a deadline counts from the task's queueing", async () => {
      pool.send('run low c');
      pool.send('run low c');
      pool.send('run high d 25000');
      const queued = deadlineIn(25_000);
      await areSeen(LOW!, LOW!);
      release('c');
      for (let i = 0; i < 2; i++) expect(await pool.next()).toMatchObject({ text: 'c' });
      const [, late] = await areSeen(0, HIGH!);
      // The parent read the line after it was sent, and both workers were busy until later.
      expect(BigInt(late!.deadlineNs)).toBeLessThan(queued + 1_000_000_000n);
      release('d');
      expect(await pool.next()).toMatchObject({ text: 'd' });
      await areSeen(0, 0);
    });

    // tinypool does not show its workers.
    if (name === 'tinypool') return;
    test('the parent writes hints of pool.threads', async () => {
      pool.send('parent 300');
      // A reader looks at threads that run, and the pool's wait for tasks. These have no opinion, so the parent's stays.
      pool.send('run - e');
      pool.send('run - e');
      await areSeen(300, 300);
      release('e');
      for (let i = 0; i < 2; i++) expect(await pool.next()).toMatchObject({ text: 'e' });
    });
  });
}

describeOnKernel('tasks of tinypool in a process', () => {
  beforeAll(() => start('tinypool', 'child_process'));
  afterAll(stop);

  test('the process has their hints', async () => {
    release('warm');
    pool.send('run - warm');
    const pid = (await pool.next()).pid as number;
    expect(pid).not.toBe(pool.pid);
    pool.send('run high a 25000');
    const [hints] = await published.until(pid, [HIGH!]);
    expect(hints!.deadlineNs).not.toBe('0');
    release('a');
    expect(await pool.next()).toEqual({ text: 'a', pid });
    await published.until(pid, [0]);
  });
});
