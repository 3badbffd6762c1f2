// What a client gets that keeps to the protocol.

import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { describeOnKernel } from '../rig/kernel-support.js';
import { PAGE_SIZE } from '../rig/page-size.js';
import { settledPins, untilPinnedAtMost } from '../rig/pinned-pages.js';
import { until } from '../rig/until.js';
import { type BrokerProcess, BUILD_MS, buildBroker, NOTHING } from './broker-process.js';
import { Host, readResults, ready, resultOf, SLOTS, VALUE_SIZE, writeInputs } from './host.js';
import { bindRequest, openRequest } from './messages.js';

const UID = 65534;

describeOnKernel('the broker binds', () => {
  let host: Host;
  let broker: BrokerProcess;
  let descriptors: number;

  beforeAll(async () => {
    buildBroker();
    host = await Host.start();
    broker = await host.broker();
    descriptors = broker.descriptors();
  }, BUILD_MS);
  afterEach(async () => {
    await host.endClients();
    await broker.untilHeld(NOTHING);
    expect(broker.descriptors()).toBe(descriptors);
  });
  afterAll(async () => {
    await broker?.stop();
    await host?.end();
  });

  test('a thread of an unprivileged process that may not call bpf(2): both see the same bytes', async () => {
    const { client, ...rest } = await ready(host, broker, { uid: UID });
    await client.command('no-bpf');
    expect(await client.attempt('bpf')).toMatchObject({ error: 'EPERM' });
    expect(await client.attempt(`open ${host.map} 2`)).toMatchObject({ error: 'EACCES' });
    const all = { client, ...rest };
    await writeInputs(all, 64, 1, 2);
    const pointer = { memory: 1, offset: 64 };
    expect(await all.connection.bind(all.main, [pointer, pointer])).toMatchObject({
      kind: 'bind',
      reason: 'done',
    });
    await host.look(client.pid);
    const expected = resultOf(1, 2);
    await until('the program has written', async () =>
      (await readResults(all, 64)).every((result) => result === expected),
    );
    // What is stored from now on is seen without another word to the broker.
    await writeInputs(all, 64, 40, 2);
    expect(await readResults(all, 64)).toEqual([resultOf(40, 2), resultOf(40, 2)]);
    expect(await broker.held()).toEqual({
      ...{ connections: 1, memories: 1, threads: 1, pages: 1, users: 1, cgroups: 1 },
    });
  });

  test('answers carry the map, the kind and the id', async () => {
    const client = await host.client(UID);
    const connection = await client.connect(broker.socket);
    const opened = await connection.ask(openRequest(host.map, VALUE_SIZE, SLOTS, 2 ** 40 + 7));
    expect(opened).toEqual({
      ...{ kind: 'open', id: 2 ** 40 + 7, reason: 'done', mapId: host.mapId },
      ...{ step: 0, error: 0, detail: 0, found: 0 },
    });
  });

  test('NULL stays NULL', async () => {
    const all = await ready(host, broker, { uid: UID });
    await writeInputs(all, 0, 3, 4);
    await all.connection.bind(all.main, [0, { memory: 1, offset: 0 }]);
    await host.look(all.client.pid);
    await until('the program has written', async () => (await readResults(all, 0))[1] !== 0);
    expect(await readResults(all, 0)).toEqual([0, resultOf(3, 4)]);
  });

  test('other threads of the process, each its own blocks', async () => {
    const all = await ready(host, broker, { uid: UID });
    const tids = [await all.client.thread(), await all.client.thread()];
    for (const [i, tid] of tids.entries()) {
      const pointer = { memory: 1, offset: 128 * i };
      const pidfd = await all.client.pidfd(tid);
      expect(await all.connection.bind(pidfd, [pointer, 0])).toMatchObject({ reason: 'done' });
      expect(await host.isBound(tid)).toBe(true);
    }
    expect(await host.isBound(all.client.pid)).toBe(false);
    expect(await broker.held()).toMatchObject({ threads: 2, pages: 1 });
    await all.client.command(`end ${tids[0]}`);
    await broker.untilHeld({ threads: 1, pages: 1 });
    expect(await host.isBound(tids[1]!)).toBe(true);
  });

  test('again: the element is replaced, and the old page is counted until it is unpinned', async () => {
    const all = await ready(host, broker, { uid: UID, pages: 2 });
    await all.connection.bind(all.main, [{ memory: 1, offset: 0 }, 0]);
    await writeInputs(all, PAGE_SIZE, 5, 6);
    await all.connection.bind(all.main, [{ memory: 1, offset: PAGE_SIZE }, 0]);
    await host.look(all.client.pid);
    await until(
      'the program has written',
      async () => (await readResults(all, PAGE_SIZE))[0] !== 0,
    );
    expect((await readResults(all, PAGE_SIZE))[0]).toBe(resultOf(5, 6));
    expect(await broker.held()).toMatchObject({ threads: 1, pages: 2 });
    await broker.untilHeld({ threads: 1, pages: 1 });
  });

  test('UNBIND: the element is gone with the answer, and again is no error', async () => {
    const all = await ready(host, broker, { uid: UID });
    await all.connection.bind(all.main, [{ memory: 1, offset: 0 }, 0]);
    expect(await host.isBound(all.client.pid)).toBe(true);
    for (let i = 0; i < 2; i++) {
      expect(await all.connection.unbind(all.main)).toMatchObject({
        kind: 'unbind',
        reason: 'done',
      });
      expect(await host.isBound(all.client.pid)).toBe(false);
    }
    expect(await broker.held()).toMatchObject({ threads: 0, pages: 1 });
    await broker.untilHeld({ threads: 0, pages: 0 });
  });

  test('requests that come in one piece, or byte by byte', async () => {
    const all = await ready(host, broker, { uid: UID });
    const bind = bindRequest([{ memory: 1, offset: 0 }, 0], 9);
    await all.connection.send(bind.subarray(0, 1), all.main);
    for (const byte of bind.subarray(1, 20)) await all.connection.send(Buffer.of(byte));
    await all.connection.send(bind.subarray(20));
    expect(await all.connection.answer()).toMatchObject({ id: 9, reason: 'done' });
    const second = await all.client.connect(broker.socket);
    const open = openRequest(host.map, VALUE_SIZE, SLOTS, 1);
    await second.send(Buffer.concat([open, bind.subarray(0, 100)]));
    expect(await second.answer()).toMatchObject({ id: 1, reason: 'done' });
  });

  describeOnKernel('and unbinds', () => {
    test.each(['closes', 'ends', 'is killed'])('when the client %s', async (how) => {
      const before = await settledPins();
      const all = await ready(host, broker, { uid: UID });
      const other = await all.client.thread();
      await all.connection.bind(all.main, [{ memory: 1, offset: 0 }, 0]);
      await all.connection.bind(await all.client.pidfd(other), [{ memory: 1, offset: 128 }, 0]);
      if (how === 'closes') await all.connection.close();
      else if (how === 'ends') await all.client.end();
      else await all.client.kill();
      await broker.untilHeld({ connections: 0, threads: 0 });
      for (const tid of [all.client.pid, other]) expect(await host.isBound(tid)).toBe(false);
      await untilPinnedAtMost(before);
    });

    test('when the client dies, and another process has the connection', async () => {
      const all = await ready(host, broker, { uid: UID });
      await all.connection.bind(all.main, [{ memory: 1, offset: 0 }, 0]);
      await all.client.command('heir');
      process.kill(all.client.pid, 'SIGKILL');
      await broker.untilHeld({ connections: 0, threads: 0 });
      expect(await host.isBound(all.client.pid)).toBe(false);
    });

    test('the later of two connections of a process keeps its element when the earlier ends', async () => {
      const first = await ready(host, broker, { uid: UID });
      const { client, main } = first;
      await first.connection.bind(main, [{ memory: 1, offset: 0 }, 0]);
      const later = await client.connect(broker.socket);
      await later.open(host.map, VALUE_SIZE, SLOTS);
      const memory = await client.memfd(PAGE_SIZE);
      await later.memory(1, memory);
      await writeInputs({ client, memory }, 256, 7, 8);
      await later.bind(main, [{ memory: 1, offset: 256 }, 0]);
      // Nor does an UNBIND over the earlier one touch it.
      expect(await first.connection.unbind(main)).toMatchObject({ reason: 'done' });
      await first.connection.close();
      await broker.untilHeld({ connections: 1, threads: 1, pages: 1 });
      await host.look(client.pid);
      await until(
        'the program has written',
        async () => (await readResults({ client, memory }, 256))[0] !== 0,
      );
      await later.close();
      await host.untilUnbound(client.pid);
    });

    test('a thread that an earlier broker, which was killed, has left bound', async () => {
      const killed = await host.broker();
      const all = await ready(host, killed, { uid: UID });
      await all.connection.bind(all.main, [{ memory: 1, offset: 0 }, 0]);
      await killed.stop('SIGKILL');
      expect(await all.connection.answer()).toBeNull();
      expect(await host.isBound(all.client.pid)).toBe(true);
      const connection = await all.client.connect(broker.socket);
      await connection.open(host.map, VALUE_SIZE, SLOTS);
      expect(await connection.unbind(all.main)).toMatchObject({ reason: 'done' });
      expect(await host.isBound(all.client.pid)).toBe(false);
    });
  });
});
