// What the kernel sees of a server's thread while its requests are in flight.

import { deadlineIn } from 'schedhint';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Bpffs, mountBpffs } from '../rig/bpffs.js';
import { describeOnKernel } from '../rig/kernel-support.js';
import { Observer } from '../rig/observer-process.js';
import { until } from '../rig/until.js';
import { DUE_MS, Example } from './example-process.js';
import { HeldRequest } from './held-request.js';

const JSON_BODY = { 'content-type': 'application/json' };

describeOnKernel('requests in flight', () => {
  let bpffs: Bpffs;
  let observer: Observer;
  let server: Example;

  beforeEach(async () => {
    bpffs = mountBpffs();
    observer = await Observer.start(`${bpffs.path}/hints`);
  });
  afterEach(async () => {
    await server?.kill();
    await observer?.stop();
    bpffs?.unmount();
  });

  async function start(name: string): Promise<number> {
    server = Example.start(name, { SCHEDHINT_MAP: `${bpffs.path}/hints` });
    const { port, state } = await server.next();
    expect(state).toBe('bound');
    return port as number;
  }

  /** Of the server's main thread. */
  async function seen() {
    const threads = await observer.threads();
    return threads.find(({ tid }) => tid === server.pid)?.hints;
  }

  const untilSeen = (urgency: number, isDue: (deadlineNs: bigint) => boolean) =>
    until(
      `the kernel sees urgency ${urgency}`,
      async () => {
        const hints = await seen();
        return hints?.urgency === urgency && isDue(BigInt(hints.deadlineNs));
      },
      seen,
    );
  const never = (deadlineNs: bigint) => deadlineNs === 0n;

  test.each(['http/server.mjs', 'fastify/server.mjs'])('%s', async (name) => {
    const port = await start(name);
    const report = HeldRequest.begin(port, '/report', JSON_BODY);
    await untilSeen(256, never);

    const from = deadlineIn(DUE_MS);
    const checkout = HeldRequest.begin(port, '/checkout', JSON_BODY);
    await untilSeen(1024, (due) => due >= from && due <= deadlineIn(DUE_MS));
    const { deadlineNs } = (await seen())!;

    // Later, so its deadline is too.
    const another = HeldRequest.begin(port, '/checkout', JSON_BODY);
    expect(await report.answer()).toContain('POST /report: ');
    await untilSeen(1024, (due) => due === BigInt(deadlineNs));

    checkout.drop();
    await untilSeen(1024, (due) => due > BigInt(deadlineNs));
    expect(await another.answer()).toContain('/checkout');
    await untilSeen(0, never);
    await server.stop();
  });

  test('http: a client says how long it waits, and nonsense is no reason to fail', async () => {
    const port = await start('http/server.mjs');
    const from = deadlineIn(5000);
    const patient = HeldRequest.begin(port, '/report', { 'x-timeout-ms': '5000' });
    await untilSeen(256, (due) => due >= from && due <= deadlineIn(5000));
    const liar = HeldRequest.begin(port, '/report', { 'x-timeout-ms': 'soon' });
    expect(await liar.answer()).toContain('/report');
    expect(await patient.answer()).toContain('/report');
    await untilSeen(0, never);
  });

  test('fastify: a route that stays out of it', async () => {
    const port = await start('fastify/server.mjs');
    const report = HeldRequest.begin(port, '/report', JSON_BODY);
    await untilSeen(256, never);
    const events = HeldRequest.begin(port, '/events', JSON_BODY);
    expect(await report.answer()).toContain('/report');
    await untilSeen(0, never);
    expect(await events.answer()).toContain('/events');
  });
});
