import { mkdtempSync, rmSync } from 'node:fs';
import type { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { describeOnKernel } from '../rig/kernel-support.js';
import { type Context, NodeProcess } from '../rig/node-process.js';
import { until } from '../rig/until.js';
import { Kind } from './messages.js';
import { answer, PlayedBroker, type Request } from './played-broker.js';

const BAD_POINTER = 6;
const LIMIT = 7;
const WINDOW = 64;
const NO_MAP = '/sys/fs/bpf/schedhint_played';

describeOnKernel('a broker that misbehaves', () => {
  let node: NodeProcess;
  let broker: PlayedBroker;
  let directory: string;
  let socket: string;

  beforeEach(async () => {
    directory = mkdtempSync(join(tmpdir(), 'schedhint-played-'));
    socket = join(directory, 'broker.sock');
    node = await NodeProcess.start({ env: { SCHEDHINT_BROKER: socket } });
  });
  afterEach(async () => {
    await node.kill();
    await broker.close();
    rmSync(directory, { recursive: true });
  });

  const play = async (onRequest: (request: Request, socket: Socket) => void) => {
    broker = await PlayedBroker.listen(socket, onRequest);
  };
  const attach = () =>
    node.run(({ schedhint, keep }: Context, map) => {
      keep.thread = schedhint.attachThread({ map, scoped: true });
      return keep.thread.status;
    }, NO_MAP);
  const status = () => node.run(({ keep }) => keep.thread.status);
  const untilCode = (code: string) =>
    until(`it says ${code}`, async () => (await status()).code === code, status);
  const untilBound = () =>
    until('it is bound', async () => (await status()).state === 'bound', status);

  test('never answers: the app is informed so, and goes on', async () => {
    await play(() => {});
    expect(await attach()).toMatchObject({
      state: 'waiting',
      code: 'ERR_SCHEDHINT_BROKER_PENDING',
    });
    await until('it has asked', () => broker.count(Kind.open) === 1);
    const urgency = await node.run(({ keep }) => {
      keep.thread.hints.urgency = 5;
      keep.thread.stop();
      return keep.thread.hints.urgency;
    });
    expect(urgency).toBe(5);
  });

  test('speaks another protocol: the connection ends, and attempts are few', async () => {
    await play((request, peer) => peer.write(answer(request, { magic: 1 })));
    await attach();
    await until('it has come again', () => broker.connections > 12);
    // Eight at the same time, and then ten a second: what a loop without a bound would do is thousands.
    const before = broker.connections;
    await node.run(() => new Promise((resolve) => setTimeout(resolve, 1000)));
    expect(broker.connections - before).toBeLessThan(40);
  });

  test.each([
    ['as version 1 does, without a reason', { version: 1 }, /version 1 .*update schedhint-broker/],
    ['as a newer one does', { reason: 8, found: 3 }, /version 3 .*update the schedhint packages/],
  ])(
    'refuses our version %s: the status says what to do, and it is asked again',
    async (_, end, why) => {
      await play((request, peer) => {
        const refuse = broker.connections < 3;
        if (refuse) peer.end(answer({ kind: Kind.end, id: 0n }, end));
        else peer.write(answer(request));
      });
      await attach();
      await untilCode('ERR_SCHEDHINT_BROKER_VERSION');
      expect(await status()).toMatchObject({ reason: expect.stringMatching(why) });
      await untilBound();
      expect(broker.connections).toBe(3);
    },
  );

  test('answers byte by byte', async () => {
    await play((request, peer) => {
      peer.setNoDelay();
      for (const byte of answer(request)) peer.write(Buffer.of(byte));
    });
    await attach();
    await untilBound();
    expect(await status()).toMatchObject({ map: { id: 7, by: 'broker' } });
  });

  test('answers what no one has asked: it is not listened to', async () => {
    await play((request, peer) => {
      peer.write(answer({ kind: Kind.bind, id: 12345n }));
      peer.write(answer({ kind: Kind.unbind, id: request.id }));
      peer.write(answer(request));
    });
    await attach();
    await untilBound();
  });

  test('is at its limit: it is asked again each second', async () => {
    let left = 2;
    await play((request, peer) => {
      const refuse = request.kind === Kind.bind && left-- > 0;
      peer.write(answer(request, { reason: refuse ? LIMIT : 0 }));
    });
    await attach();
    await untilCode('ERR_SCHEDHINT_BROKER_REFUSED');
    await untilBound();
    expect(broker.connections).toBe(1);
    expect(broker.count(Kind.bind)).toBe(3);
  });

  test('has no room for a memory: it is handed over again, under its number', async () => {
    let left = 2;
    let has = false;
    const numbers: number[] = [];
    await play((request, peer) => {
      let reason = 0;
      if (request.kind === Kind.memory) {
        numbers.push(request.number!);
        has = left-- === 0;
        if (!has) reason = LIMIT;
      }
      if (request.kind === Kind.bind && !has) reason = BAD_POINTER;
      peer.write(answer(request, { reason }));
    });
    await attach();
    await untilCode('ERR_SCHEDHINT_BROKER_REFUSED');
    expect(await status()).toMatchObject({ reason: expect.stringMatching(/a limit of/) });
    await untilBound();
    expect(numbers).toEqual([1, 1, 1]);
    expect(broker.connections).toBe(1);
  });

  test('is at the limit of connections: it is connected to again', async () => {
    let left = 2;
    await play((request, peer) => {
      const refuse = request.kind === Kind.open && left-- > 0;
      peer.write(answer(request, { reason: refuse ? LIMIT : 0 }));
    });
    await attach();
    await untilBound();
    expect(broker.connections).toBe(3);
  });

  test('has no room for a connection: it is connected to again, each second', async () => {
    await play((request, peer) => {
      const refuse = request.kind === Kind.open && broker.connections < 3;
      if (refuse) peer.end(answer({ kind: Kind.end, id: 0n }, { reason: LIMIT }));
      else peer.write(answer(request));
    });
    await attach();
    await untilCode('ERR_SCHEDHINT_BROKER_REFUSED');
    await untilBound();
    expect(broker.connections).toBe(3);
  });

  test('is slow: no more than 64 requests wait for it', async () => {
    let held: { request: Request; peer: Socket }[] = [];
    let holds = false;
    await play((request, peer) => {
      if (holds) held.push({ request, peer });
      else peer.write(answer(request));
    });
    await attach();
    await untilBound();
    holds = true;
    // Each attaching asks once, and each stop() once more.
    await node.run(({ schedhint, keep }, map) => {
      for (let i = 0; i < 200; i++) {
        keep.thread.stop();
        keep.thread = schedhint.attachThread({ map, scoped: true });
      }
    }, NO_MAP);
    await until('it has what it takes', () => held.length >= WINDOW);
    await node.run(() => new Promise((resolve) => setTimeout(resolve, 100)));
    expect(held.length).toBe(WINDOW);
    holds = false;
    for (const { request, peer } of held) peer.write(answer(request));
    held = [];
    await untilBound();
    expect(broker.connections).toBe(1);
  });

  test('says that all is unbound: no block is kept', async () => {
    await play((request, peer) => {
      peer.write(answer(request));
      if (request.kind !== Kind.bind || broker.connections > 1) return;
      peer.end(answer({ kind: Kind.end, id: 0n }));
    });
    await attach();
    await until('it has come again', () => broker.connections === 2);
    await untilBound();
    await node.run(({ keep }) => keep.thread.stop());
    await until(
      'no block is used',
      async () => (await node.run(({ addon }) => addon.counts())).blocksUsed === 0,
    );
  });
});
