// What the kernel sees of a gRPC server's thread while it has calls in flight: schedhint/grpc with a real server and client.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { deadlineIn } from 'schedhint';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { LineProcess } from '../rig/json-lines-process.js';
import { describeOnKernel } from '../rig/kernel-support.js';
import { Published } from './published.js';

const [LOW, NORMAL, HIGH, CRITICAL] = [256, 512, 768, 1024];
/** Status codes of gRPC. */
const [OK, CANCELLED, UNKNOWN, DEADLINE_EXCEEDED] = [0, 1, 2, 4];

describeOnKernel('calls of @grpc/grpc-js in flight', () => {
  let published: Published;
  let app: LineProcess;
  let directory: string;

  beforeAll(async () => {
    published = await Published.watch();
    directory = mkdtempSync(join(tmpdir(), 'schedhint-grpc-'));
    const program = fileURLToPath(new URL('programs/grpc-calls.mjs', import.meta.url));
    app = new LineProcess(process.execPath, [program, join(directory, 'gate')], {
      env: { NODE_OPTIONS: '', SCHEDHINT_BROKER: '', SCHEDHINT_MAP: published.map },
    });
    expect(await app.next()).toEqual({ ready: true });
  });
  afterAll(async () => {
    await app?.kill();
    await published?.stop();
    if (directory !== undefined) rmSync(directory, { recursive: true });
  });

  const isSeen = (urgency: number) => published.until(app.pid, [urgency]);

  test('unary, without a deadline', async () => {
    app.send('call Pay');
    const [hints] = await isSeen(CRITICAL!);
    expect(hints!.deadlineNs).toBe('0');
    app.send('release');
    expect(await app.next()).toEqual({ name: 'Pay', code: OK });
    await isSeen(0);
  });

  test("unary: the client's deadline is the hint's", async () => {
    const from = deadlineIn(25_000);
    app.send('call Pay 25000');
    const [hints] = await isSeen(CRITICAL!);
    const deadlineNs = BigInt(hints!.deadlineNs);
    // grpc-timeout is what is left of it when it is sent, and the server counts whole milliseconds from there.
    expect(deadlineNs).toBeGreaterThanOrEqual(from - 5_000_000n);
    expect(deadlineNs).toBeLessThanOrEqual(deadlineIn(25_000));
    app.send('release');
    expect(await app.next()).toEqual({ name: 'Pay', code: OK });
    const [after] = await isSeen(0);
    expect(after!.deadlineNs).toBe('0');
  });

  test('a server stream counts until it ends', async () => {
    app.send('call List');
    await isSeen(LOW!);
    app.send('release');
    expect(await app.next()).toEqual({ name: 'List', code: OK });
    await isSeen(0);
  });

  test('a stream both ways counts until it ends', async () => {
    app.send('call Chat');
    await isSeen(NORMAL!);
    app.send('end');
    expect(await app.next()).toEqual({ name: 'Chat', code: OK });
    await isSeen(0);
  });

  test.each(['Pay', 'List', 'Chat'])('%s, cancelled by the client', async (name) => {
    app.send(`call ${name}`);
    await isSeen({ Pay: CRITICAL, List: LOW, Chat: NORMAL }[name]!);
    app.send('cancel');
    expect(await app.next()).toEqual({ name, code: CANCELLED });
    await isSeen(0);
  });

  test('the deadline passes while the handler works', async () => {
    app.send('call Pay 400');
    await isSeen(CRITICAL!);
    expect(await app.next()).toEqual({ name: 'Pay', code: DEADLINE_EXCEEDED });
    await isSeen(0);
  });

  test('the handler throws', async () => {
    app.send('call Throw');
    await isSeen(HIGH!);
    writeFileSync(join(directory, 'gate'), '');
    expect(await app.next()).toEqual({ name: 'Throw', code: UNKNOWN });
    await isSeen(0);
  });

  test('of several the most urgent counts', async () => {
    app.send('call List');
    await isSeen(LOW!);
    app.send('call Pay');
    await isSeen(CRITICAL!);
    app.send('cancel');
    expect(await app.next()).toEqual({ name: 'Pay', code: CANCELLED });
    await isSeen(LOW!);
    app.send('release');
    expect(await app.next()).toEqual({ name: 'List', code: OK });
    await isSeen(0);
  });
});
