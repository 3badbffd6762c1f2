// What one client may take, and that others are served whatever it does.

import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { describeOnKernel } from '../rig/kernel-support.js';
import { PAGE_SIZE } from '../rig/page-size.js';
import { until } from '../rig/until.js';
import { type BrokerProcess, BUILD_MS, buildBroker, type Held, NOTHING } from './broker-process.js';
import type { Client, Connection } from './client.js';
import { Host, type Ready, ready, SLOTS, VALUE_SIZE } from './host.js';
import { memoryRequest } from './messages.js';

const UID = 65534;
const OTHER_UID = 65533;

describeOnKernel('limits', () => {
  let host: Host;
  let broker: BrokerProcess;
  let descriptors: number;

  const start = async (...limits: string[]) => {
    broker = await host.broker({ args: limits });
    descriptors = broker.descriptors();
  };

  beforeAll(async () => {
    buildBroker();
    host = await Host.start();
  }, BUILD_MS);
  afterEach(async () => {
    await host.endClients();
    await broker.untilHeld(NOTHING);
    expect(broker.descriptors()).toBe(descriptors);
    await broker.stop();
  });
  afterAll(() => host?.end());

  /** Binds a new thread to the page of this number; what the broker says. */
  async function bindPage({ client, connection }: Ready, page: number): Promise<string> {
    const pidfd = await client.pidfd(await client.thread());
    return (await connection.bind(pidfd, [{ memory: 1, offset: PAGE_SIZE * page }, 0])).reason;
  }

  async function bindPages(all: Ready, pages: number): Promise<string[]> {
    const reasons = [];
    for (let page = 0; page < pages; page++) reasons.push(await bindPage(all, page));
    return reasons;
  }

  test.each([
    ['connection', { pages: 3 }],
    ['uid', { pages: 3 }],
    ['cgroup', { pages: 3 }],
    ['all', { pages: 3 }],
  ])('pages of a %s: counted by page, not by block, and back to zero', async (level, held) => {
    await start(`--max-pages-per-${level}`, '3');
    for (let round = 0; round < 2; round++) {
      const all = await ready(host, broker, { uid: UID, pages: 4 });
      expect(await bindPages(all, 4)).toEqual(['done', 'done', 'done', 'limit']);
      // More blocks in the same pages are free.
      expect(await bindPage(all, 0)).toBe('done');
      expect(await broker.held()).toMatchObject({ ...held, threads: 4 });
      await broker.logged({ event: 'refused', request: 'bind', reason: 'limit' });
      await all.connection.close();
      // They count until the kernel has released them.
      const again = await ready(host, broker, { uid: UID, pages: 4 });
      const isOwn = level === 'connection';
      expect(await bindPage(again, 0)).toBe(isOwn ? 'done' : 'limit');
      await again.connection.close();
      await broker.untilHeld(NOTHING);
    }
  });

  test('another user is not touched by one who has it all', async () => {
    await start('--max-pages-per-uid', '2', '--max-pages-per-cgroup', '100');
    const greedy = await ready(host, broker, { uid: UID, pages: 3 });
    expect(await bindPages(greedy, 3)).toEqual(['done', 'done', 'limit']);
    const modest = await ready(host, broker, { uid: OTHER_UID, pages: 2 });
    expect(await bindPages(modest, 2)).toEqual(['done', 'done']);
  });

  test('binding one thread again and again: a page counts once, however often', async () => {
    await start('--max-pages-per-uid', '2');
    const all = await ready(host, broker, { uid: UID, pages: 3 });
    const bind = (page: number) =>
      all.connection.bind(all.main, [{ memory: 1, offset: PAGE_SIZE * page }, 0]);
    for (let i = 0; i < 100; i++) expect(await bind(i % 2)).toMatchObject({ reason: 'done' });
    expect(await broker.held()).toMatchObject({ threads: 1, pages: 2 });
    expect(await bind(2)).toMatchObject({ reason: 'limit' });
    await broker.untilHeld({ pages: 1 });
    expect(await bind(2)).toMatchObject({ reason: 'done' });
    // The page that was left last counts until it is unpinned.
    expect(await broker.held()).toMatchObject({ pages: 2 });
  });

  test('threads', async () => {
    await start('--max-threads-per-uid', '3');
    const all = await ready(host, broker, { uid: UID });
    for (let i = 0; i < 3; i++) expect(await bindPage(all, 0)).toBe('done');
    expect(await bindPage(all, 0)).toBe('limit');
    expect(await broker.held()).toMatchObject({ threads: 3 });
  });

  test('memories: 128 of a connection, and fewer of all', async () => {
    await start('--max-memories-per-all', '130');
    const handOver = async ({ client, connection }: Ready, from: number, to: number) => {
      for (let number = from; number <= to; number++) {
        const fd = await client.memfd(PAGE_SIZE);
        expect(await connection.ask(memoryRequest(number), fd)).toMatchObject({ reason: 'done' });
      }
    };
    const first = await ready(host, broker, { uid: UID });
    await handOver(first, 2, 128);
    const second = await ready(host, broker, { uid: OTHER_UID });
    await handOver(second, 2, 2);
    const fd = await second.client.memfd(PAGE_SIZE);
    expect(await second.connection.memory(3, fd)).toMatchObject({ reason: 'limit' });
  });

  async function connections(client: Client, count: number): Promise<Connection[]> {
    const all = [];
    for (let i = 0; i < count; i++) all.push(await client.connect(broker.socket));
    return all;
  }

  test('connections of a user: one too many is informed so, and ended', async () => {
    await start('--max-connections-per-uid', '3');
    const client = await host.client(UID);
    const open = await connections(client, 4);
    expect(await open[3]!.answer()).toMatchObject({ kind: 'end', id: 0, reason: 'limit' });
    expect(await open[3]!.answer()).toBeNull();
    const line = await broker.logged({ event: 'connection-refused', reason: 'limit' });
    expect(line).toMatchObject({ uid: `${UID}`, pid: `${client.pid}` });
    const other = await (await host.client(OTHER_UID)).connect(broker.socket);
    expect(await other.open(host.map, VALUE_SIZE, SLOTS)).toMatchObject({ reason: 'done' });
    await open[0]!.close();
    await broker.untilHeld({ connections: 3 });
    const next = await client.connect(broker.socket);
    expect(await next.open(host.map, VALUE_SIZE, SLOTS)).toMatchObject({ reason: 'done' });
  });

  test('cgroups that a container makes below its own share one account', async () => {
    const [, unified] = /^\S+ (\S+) cgroup2 /m.exec(readFileSync('/proc/mounts', 'utf8')) ?? [];
    const own = join(unified!, `schedhint-broker-${process.pid}`);
    const paths = [own, ...['pod', 'pod/a', 'pod/b', 'pod/a/deep'].map((name) => join(own, name))];
    for (const path of paths) mkdirSync(path);
    try {
      await start('--max-connections-per-cgroup', '2', '--cgroup-depth', '2');
      const inside = async (path: string, uid: number) => {
        const client = await host.client(uid);
        writeFileSync(join(own, path, 'cgroup.procs'), `${client.pid}`);
        return client;
      };
      await (await inside('pod/a', UID)).connect(broker.socket);
      await (await inside('pod/b', OTHER_UID)).connect(broker.socket);
      const third = await (await inside('pod/a/deep', UID - 2)).connect(broker.socket);
      expect(await third.answer()).toMatchObject({ kind: 'end', reason: 'limit' });
      const line = await broker.logged({ event: 'connection-refused', reason: 'limit' });
      expect(line.cgroup).toBe(`/schedhint-broker-${process.pid}/pod`);
      const outside = await (await inside('.', UID)).connect(broker.socket);
      expect(await outside.open(host.map, VALUE_SIZE, SLOTS)).toMatchObject({ reason: 'done' });
    } finally {
      await host.endClients();
      for (const path of paths.reverse()) rmdirSync(path);
    }
  });

  test('200 clients that flood it: a well-behaved one is served, and nothing is left', async () => {
    await start('--max-connections-per-uid', '32', '--max-connections-per-cgroup', '256');
    const honest = await ready(host, broker, { uid: UID });
    const flood = await host.client(OTHER_UID);
    await flood.command(`flood ${broker.socket} 200`);
    await broker.logged({ event: 'connection-refused', uid: `${OTHER_UID}`, reason: 'limit' });
    await broker.logged({ event: 'protocol-error', uid: `${OTHER_UID}` });
    let most: Held = NOTHING;
    for (let i = 0; i < 20; i++) {
      expect(
        await honest.connection.bind(honest.main, [{ memory: 1, offset: 0 }, 0]),
      ).toMatchObject({ reason: 'done' });
      expect(await honest.connection.unbind(honest.main)).toMatchObject({ reason: 'done' });
      const held = await broker.held();
      if (held.connections > most.connections) most = held;
    }
    expect(most.connections).toBeLessThanOrEqual(33);
    await broker.logged({ event: 'suppressed', uid: `${OTHER_UID}` });
    await flood.kill();
    await broker.untilHeld({ connections: 1 });
  });

  test('no descriptors left: clients are informed, and served again when there are some', async () => {
    broker = await host.broker({ under: ['prlimit', '--nofile=96:96'] });
    descriptors = broker.descriptors();
    const client = await host.client(UID);
    const open = await connections(client, 60);
    await broker.logged({ event: 'connection-refused', reason: 'descriptors' });
    expect(await open[59]!.answer()).toMatchObject({ kind: 'end', reason: 'limit' });
    for (const connection of open) await connection.close();
    await broker.untilHeld({ connections: 0 });
    const next = await client.connect(broker.socket);
    expect(await next.open(host.map, VALUE_SIZE, SLOTS)).toMatchObject({ reason: 'done' });
  });

  test('a descriptor that its file system never lets go of: only its client pays', async () => {
    await start('--max-connections-per-uid', '2');
    const directory = mkdtempSync(join(tmpdir(), 'schedhint-stalling-'));
    const attacker = await host.client();
    const file = await attacker.descriptor(`stalling ${directory}`);
    try {
      await attacker.command(`uid ${OTHER_UID}`);
      const honest = await ready(host, broker, { uid: UID });
      for (const number of [1, 2]) {
        const connection = await attacker.connect(broker.socket);
        await connection.open(host.map, VALUE_SIZE, SLOTS);
        const refused = { reason: 'bad memory' };
        expect(await connection.memory(1, file)).toMatchObject(refused);
        await connection.close();
        // The connection counts as long as what came over it can't be closed.
        await until('it is gone', async () => (await broker.held()).threads === 0);
        expect(await broker.held()).toMatchObject({ connections: 1 + number });
      }
      const third = await attacker.connect(broker.socket);
      expect(await third.answer()).toMatchObject({ kind: 'end', reason: 'limit' });
      expect(await honest.connection.bind(honest.main, [0, 0])).toMatchObject({ reason: 'done' });
    } finally {
      execFileSync('umount', ['-f', '-l', directory]); // which ends the waiting
      rmdirSync(directory);
    }
  });
});
