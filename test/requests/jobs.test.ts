// What the kernel sees of a thread that works on jobs: schedhint/bullmq with BullMQ and a real redis-server.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { deadlineIn } from 'schedhint';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { LineProcess } from '../rig/json-lines-process.js';
import { describeOnKernel } from '../rig/kernel-support.js';
import { Published } from './published.js';

const [LOW, NORMAL, HIGH, CRITICAL] = [256, 512, 768, 1024];

/** Starts a redis-server that listens at a socket in a directory alone, and keeps nothing. */
async function startRedis(directory: string, socket: string): Promise<ChildProcess> {
  const options = ['--port', '0', '--unixsocket', socket, '--dir', directory, '--save', ''];
  const redis = spawn('redis-server', options, { stdio: ['ignore', 'pipe', 'inherit'] });
  for await (const line of createInterface({ input: redis.stdout! })) {
    if (/ready to accept connections|Ready to accept/.test(line)) break;
  }
  redis.stdout!.resume();
  return redis;
}

describeOnKernel('jobs of BullMQ', () => {
  let directory: string;
  let redis: ChildProcess;
  let published: Published;
  let app: LineProcess;

  beforeAll(async () => {
    directory = mkdtempSync(join(tmpdir(), 'schedhint-jobs-'));
    const socket = join(directory, 'redis.sock');
    redis = await startRedis(directory, socket);
    published = await Published.watch();
    const program = fileURLToPath(new URL('programs/jobs.mjs', import.meta.url));
    app = new LineProcess(process.execPath, [program, socket, directory], {
      env: { NODE_OPTIONS: '', SCHEDHINT_BROKER: '', SCHEDHINT_MAP: published.map },
    });
    expect(await app.next()).toEqual({ ready: true });
  });
  afterAll(async () => {
    await app?.kill();
    await published?.stop();
    if (redis?.kill()) await once(redis, 'close');
    if (directory !== undefined) rmSync(directory, { recursive: true });
  });

  const isSeen = (urgency: number) => published.until(app.pid, [urgency]);
  const release = (name: string) => writeFileSync(join(directory, name), '');

  test('a job is a request, with what describe says of it', async () => {
    const from = deadlineIn(25_000);
    app.send('add urgent');
    const [hints] = await isSeen(CRITICAL!);
    expect(BigInt(hints!.deadlineNs)).toBeGreaterThanOrEqual(from);
    expect(BigInt(hints!.deadlineNs)).toBeLessThanOrEqual(deadlineIn(25_000));
    release('urgent');
    expect(await app.next()).toEqual({ name: 'urgent', result: 'boolean' });
    const [after] = await isSeen(0);
    expect(after!.deadlineNs).toBe('0');
  });

  test.each([
    [1, HIGH],
    [100, NORMAL],
    [101, LOW],
  ])('priority %i', async (priority, urgency) => {
    app.send(`add p${priority} ${priority}`);
    await isSeen(urgency!);
    release(`p${priority}`);
    expect(await app.next()).toMatchObject({ name: `p${priority}` });
    await isSeen(0);
  });

  test('a job that fails', async () => {
    app.send('add bad-urgent');
    await isSeen(CRITICAL!);
    release('bad-urgent');
    expect(await app.next()).toEqual({ name: 'bad-urgent', message: 'bad-urgent' });
    await isSeen(0);
  });

  test('of several jobs the most urgent counts, and one without a priority takes low back', async () => {
    app.send('add slow 101');
    await isSeen(LOW!);
    app.send('add urgent2');
    await isSeen(CRITICAL!);
    release('urgent2');
    expect(await app.next()).toMatchObject({ name: 'urgent2' });
    await isSeen(LOW!);
    // It has no opinion, which counts as normal: the thread has none then.
    app.send('add plain');
    await isSeen(0);
    release('plain');
    expect(await app.next()).toMatchObject({ name: 'plain' });
    await isSeen(LOW!);
    release('slow');
    expect(await app.next()).toMatchObject({ name: 'slow' });
    await isSeen(0);
  });
});
