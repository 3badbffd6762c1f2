// What the kernel sees of a pool's workers while their tasks run.

import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { deadlineIn } from 'schedhint';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Bpffs, mountBpffs } from '../rig/bpffs.js';
import { describeOnKernel } from '../rig/kernel-support.js';
import { Observer } from '../rig/observer-process.js';
import { until } from '../rig/until.js';
import { DUE_MS, Example } from './example-process.js';

describeOnKernel('tasks of a pool', () => {
  /** Documents are held back until the test lets go of them. */
  const held = new Map<string, ServerResponse>();
  const documents = createServer(({ url }, response) => held.set(url!, response));
  let bpffs: Bpffs;
  let observer: Observer;
  let pool: Example;

  beforeEach(async () => {
    bpffs = mountBpffs();
    observer = await Observer.start(`${bpffs.path}/hints`);
    documents.listen(0, '127.0.0.1');
    await once(documents, 'listening');
  });
  afterEach(async () => {
    await pool?.kill();
    documents.close();
    await observer?.stop();
    bpffs?.unmount();
  });

  test('each worker has the hints of its tasks, and none when they are done', async () => {
    const { port } = documents.address() as AddressInfo;
    const urls = ['urgent', 'batch'].map((name) => `http://127.0.0.1:${port}/${name}`);
    const from = deadlineIn(DUE_MS);
    pool = Example.start('piscina/pool.mjs', { SCHEDHINT_MAP: `${bpffs.path}/hints` }, urls);

    /** Urgencies of the pool's workers. */
    const workers = async () => {
      const threads = await observer.threads();
      return threads
        .filter(({ tgid, tid, kind }) => tgid === pool.pid && tid !== tgid && kind === 'js')
        .map(({ hints }) => hints);
    };
    const urgencies = async () =>
      (await workers()).map(({ urgency }) => urgency).sort((a, b) => a - b);
    const untilSeen = (expected: number[]) =>
      until(
        `workers with ${expected}`,
        async () => JSON.stringify(await urgencies()) === JSON.stringify(expected),
        workers,
      );

    await until('both documents are asked for', () => held.size === 2);
    await untilSeen([256, 1024]);
    const { deadlineNs } = (await workers()).find(({ urgency }) => urgency === 1024)!;
    expect(BigInt(deadlineNs)).toBeGreaterThanOrEqual(from);
    expect(BigInt(deadlineNs)).toBeLessThanOrEqual(deadlineIn(DUE_MS));

    held.get('/urgent')!.end('document');
    expect(await pool.next()).toMatchObject({ url: urls[0], digest: expect.any(String) });
    await untilSeen([0, 256]);
    held.get('/batch')!.end('document');
    expect(await pool.next()).toMatchObject({ url: urls[1] });
  });
});
