// What a client must not do: each is refused, or ends its connection, and nothing is bound or held.

import { rmSync } from 'node:fs';
import { constants } from 'node:os';
import { Step } from '@schedhint/native';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { describeOnKernel } from '../rig/kernel-support.js';
import { PAGE_SIZE } from '../rig/page-size.js';
import { type BrokerProcess, BUILD_MS, buildBroker, NOTHING } from './broker-process.js';
import { type Client, MFD_ALLOW_SEALING, MFD_HUGETLB, Seal } from './client.js';
import { Host, ready, SLOTS, VALUE_SIZE } from './host.js';
import {
  bindRequest,
  Kind,
  MAGIC,
  memoryRequest,
  openRequest,
  request,
  unbindRequest,
} from './messages.js';

const { ENOENT } = constants.errno;
const FIRST = { memory: 1, offset: 0 };
const O_RDWR = 2;
const O_RDONLY = 0;
const O_CREAT = 0o100;
const O_PATH = 0o10000000;

describeOnKernel('the broker refuses', () => {
  let host: Host;
  let broker: BrokerProcess;
  let descriptors: number;
  let uid = 60_000; // each test's own: a user's lines in the log are limited

  beforeAll(async () => {
    buildBroker();
    host = await Host.start();
    broker = await host.broker();
    descriptors = broker.descriptors();
  }, BUILD_MS);
  afterEach(async () => {
    uid++;
    await host.endClients();
    await broker.untilHeld(NOTHING);
    expect(broker.descriptors()).toBe(descriptors);
  });
  afterAll(async () => {
    await broker?.stop();
    await host?.end();
  });

  describe('threads that are not the client’s', () => {
    test('of another process: refused, and logged', async () => {
      const all = await ready(host, broker, { uid });
      const other = await host.client(uid);
      for (const tid of [1, process.pid, other.pid, await other.thread()]) {
        const from = broker.log.length;
        const foreign = await all.client.pidfd(tid);
        expect(await all.connection.bind(foreign, [FIRST, 0])).toMatchObject({
          reason: 'foreign thread',
        });
        expect(await host.isBound(tid)).toBe(false);
        await broker.logged(
          { event: 'foreign-thread', pid: `${all.client.pid}`, uid: `${uid}`, tid: `${tid}` },
          from,
        );
      }
      // The connection still serves its own.
      expect(await all.connection.bind(all.main, [FIRST, 0])).toMatchObject({ reason: 'done' });
    });

    test('of another client, which is bound: it can’t be unbound', async () => {
      const victim = await ready(host, broker, { uid: uid + 1000 });
      await victim.connection.bind(victim.main, [FIRST, 0]);
      const all = await ready(host, broker, { uid });
      const foreign = await all.client.pidfd(victim.client.pid);
      expect(await all.connection.unbind(foreign)).toMatchObject({ reason: 'foreign thread' });
      expect(await host.isBound(victim.client.pid)).toBe(true);
    });

    test('over the connection of a process that has become another user since', async () => {
      const client = await host.client();
      const connection = await client.connect(broker.socket);
      await connection.open(host.map, VALUE_SIZE, SLOTS);
      await client.command(`uid ${uid}`);
      const main = await client.pidfd(client.pid);
      expect(await connection.bind(main, [0, 0])).toMatchObject({ reason: 'foreign thread' });
    });

    test.each([
      ['an eventfd', (client: Client) => client.descriptor('eventfd')],
      ['a memfd', (client: Client) => client.memfd(PAGE_SIZE)],
      ['a file', (client: Client) => client.descriptor(`open /etc/passwd ${O_RDONLY}`)],
      [
        'the pidfd of the process, not of a thread',
        (client: Client) => client.pidfd(client.pid, 0),
      ],
      [
        'a path descriptor of a pidfd',
        async (client: Client) => {
          const pidfd = await client.pidfd(client.pid);
          return client.descriptor(`open /proc/self/fd/${pidfd} ${O_PATH}`);
        },
      ],
      [
        'the pidfd of a thread that has ended',
        async (client: Client) => {
          const tid = await client.thread();
          const pidfd = await client.pidfd(tid);
          await client.command(`end ${tid}`);
          return pidfd;
        },
      ],
    ])('%s', async (_, make) => {
      const all = await ready(host, broker, { uid });
      const fd = await make(all.client);
      const refused = { reason: 'not a thread' };
      expect(await all.connection.bind(fd, [FIRST, 0])).toMatchObject(refused);
      expect(await all.connection.unbind(fd)).toMatchObject(refused);
      expect(await broker.held()).toMatchObject({ threads: 0 });
    });
  });

  describe('memory', () => {
    const MEMORY_BYTES = 256 * 1024;
    test.each([
      ['without pages', (client: Client) => client.sparse(PAGE_SIZE)],
      [
        'that lacks one page of many',
        async (client: Client) => {
          const fd = await client.memfd(MEMORY_BYTES);
          await client.command(`punch ${fd} ${MEMORY_BYTES - PAGE_SIZE} ${PAGE_SIZE}`);
          return fd;
        },
      ],
      ['that can’t be sealed', (client: Client) => client.memfd(PAGE_SIZE, 0, 0)],
      ['sealed against seals', (client: Client) => client.memfd(PAGE_SIZE, Seal.seal)],
      [
        'sealed as version 1 wanted it',
        (client: Client) => client.memfd(PAGE_SIZE, Seal.seal | Seal.shrink | Seal.grow),
      ],
      ['sealed against writing', (client: Client) => client.memfd(PAGE_SIZE, Seal.write)],
      [
        'sealed against writing from now on',
        (client: Client) => client.memfd(PAGE_SIZE, Seal.futureWrite),
      ],
      ['larger than the limit', (client: Client) => client.memfd(MEMORY_BYTES + PAGE_SIZE)],
      ['huge', (client: Client) => client.sparse(2 ** 50)],
      ['empty', (client: Client) => client.sparse(0)],
      ['of a page and a half', (client: Client) => client.memfd(1.5 * PAGE_SIZE)],
      [
        'of huge pages',
        (client: Client) => client.sparse(2 << 20, MFD_ALLOW_SEALING | MFD_HUGETLB),
      ],
      [
        'on a mounted tmpfs',
        async (client: Client) => {
          const file = `/dev/shm/schedhint-${client.pid}`;
          const fd = await client.descriptor(`open ${file} ${O_RDWR | O_CREAT}`);
          rmSync(file);
          await client.command(`allocate ${fd} ${PAGE_SIZE}`);
          return fd;
        },
      ],
      [
        'opened for reading',
        async (client: Client) =>
          client.descriptor(`open /proc/self/fd/${await client.memfd(PAGE_SIZE)} ${O_RDONLY}`),
      ],
      ['that is a pidfd', (client: Client) => client.pidfd(client.pid)],
      ['that is a directory', (client: Client) => client.descriptor(`open / ${O_RDONLY}`)],
    ])('%s', async (_, make) => {
      const all = await ready(host, broker, { uid });
      const from = broker.log.length;
      const fd = await make(all.client);
      expect(await all.connection.memory(2, fd)).toMatchObject({ reason: 'bad memory' });
      await broker.logged({ event: 'refused', request: 'memory', reason: 'bad-memory' }, from);
      expect(await broker.held()).toMatchObject({ memories: 1 });
      // The number is still free.
      const good = await all.client.memfd(MEMORY_BYTES, Seal.shrink | Seal.grow);
      expect(await all.connection.memory(2, good)).toMatchObject({ reason: 'done' });
    });

    test('that another connection has: it is sealed, and good for one', async () => {
      const all = await ready(host, broker, { uid });
      const other = await all.client.connect(broker.socket);
      await other.open(host.map, VALUE_SIZE, SLOTS);
      expect(await other.memory(1, all.memory)).toMatchObject({ reason: 'bad memory' });
      expect(await all.connection.memory(2, all.memory)).toMatchObject({ reason: 'bad memory' });
    });

    test.each([
      ['hole', 'punch', 'EPERM'],
      ['hole through the mapping', 'remove', 'EPERM'],
      ['write(2)', 'write', 'EPERM'],
      ['smaller size', 'smaller', 'EPERM'],
      ['larger size', 'larger', 'EPERM'],
      ['mapping that is writable', 'map', 'EPERM'],
      ['seal', 'seal', 'EPERM'],
    ])('a %s, once it has the memory: the kernel does (%s)', async (_, what, error) => {
      const { client, memory } = await ready(host, broker, { uid, pages: 2 });
      const words = {
        punch: `punch ${memory} 0 ${PAGE_SIZE}`,
        remove: `remove ${memory} 0 ${PAGE_SIZE}`,
        write: `write ${memory} 0 ff`,
        smaller: `size ${memory} ${PAGE_SIZE}`,
        larger: `size ${memory} ${3 * PAGE_SIZE}`,
        map: `map ${memory} ${PAGE_SIZE}`,
        seal: `seal ${memory} ${Seal.write}`,
      }[what]!;
      expect(await client.attempt(words)).toMatchObject({ error });
      // What was mapped before goes on.
      await client.command(`poke ${memory} ${PAGE_SIZE} aa55`);
      expect((await client.bytes(`peek ${memory} ${PAGE_SIZE} 2`)).toString('hex')).toBe('aa55');
    });
  });

  describe('pointers', () => {
    test.each([
      ['into a memory that was never handed over', { memory: 2, offset: 0 }],
      ['behind the end', { memory: 1, offset: 2 * PAGE_SIZE }],
      ['far behind the end', { memory: 1, offset: 0xffff_fff8 }],
      ['that cross a page', { memory: 1, offset: PAGE_SIZE - 8 }],
      ['that are not aligned', { memory: 1, offset: 4 }],
      ['that are aligned to 32', { memory: 1, offset: 32 }],
    ])('%s', async (_, pointer) => {
      const all = await ready(host, broker, { uid, pages: 2 });
      for (const pointers of [
        [pointer, 0],
        [FIRST, pointer],
      ] as const) {
        expect(await all.connection.bind(all.main, pointers)).toMatchObject({
          reason: 'bad pointer',
        });
      }
      expect(await host.isBound(all.client.pid)).toBe(false);
      expect(await broker.held()).toMatchObject({ threads: 0, pages: 0 });
    });

    test('a refused BIND leaves what was bound', async () => {
      const all = await ready(host, broker, { uid });
      await all.connection.bind(all.main, [FIRST, 0]);
      await all.connection.bind(all.main, [{ memory: 9, offset: 0 }, 0]);
      expect(await host.isBound(all.client.pid)).toBe(true);
      expect(await broker.held()).toMatchObject({ threads: 1, pages: 1 });
    });
  });

  describe('maps', () => {
    const open = async (path: string, valueSize: number, slots = SLOTS) => {
      const client = await host.client(uid);
      return (await client.connect(broker.socket)).open(path, valueSize, slots);
    };

    test('that it does not serve, though they are there', async () => {
      expect(await open(`${host.bpffs.path}/control`, VALUE_SIZE)).toMatchObject({
        reason: 'map not offered',
        mapId: 0,
      });
    });

    test('with a value or a struct other than the client expects: says where', async () => {
      expect(await open(host.map, 24)).toMatchObject({
        ...{ reason: 'kernel', step: Step.ValueSize, detail: 16 },
      });
      const plain = await host.broker({ maps: [`${host.bpffs.path}/control`] });
      const client = await host.client(uid);
      const connection = await client.connect(plain.socket);
      const answer = await connection.open(`${host.bpffs.path}/control`, 8, SLOTS.slice(0, 1));
      expect(answer).toMatchObject({ reason: 'kernel', step: 3, detail: 2 }); // an array
      await plain.stop();
    });

    test('that are not there: what follows is refused alike, and the connection stays', async () => {
      const absent = `${host.bpffs.path}/absent`;
      const waiting = await host.broker({ maps: [absent] });
      const client = await host.client(uid);
      const connection = await client.connect(waiting.socket);
      const refused = { reason: 'kernel', step: Step.OpenMap, error: ENOENT };
      expect(await connection.open(absent, VALUE_SIZE, SLOTS)).toMatchObject(refused);
      expect(await connection.memory(1, await client.memfd(PAGE_SIZE))).toMatchObject({
        kind: 'memory',
        ...refused,
      });
      const main = await client.pidfd(client.pid);
      expect(await connection.bind(main, [0, 0])).toMatchObject({ kind: 'bind', ...refused });
      await waiting.stop();
    });
  });

  describe('what is no request: it ends the connection', () => {
    const good = () => openRequest(host.map, VALUE_SIZE, SLOTS);
    const changed = (offset: number, byte: number) => {
      const bytes = good();
      bytes[offset] = byte;
      return bytes;
    };
    test.each<[string, () => Buffer, string]>([
      ['noise', () => Buffer.alloc(512, 0xa5), 'magic'],
      ['zeroes', () => Buffer.alloc(512), 'magic'],
      ['another magic', () => request({ magic: MAGIC + 1, kind: Kind.open }), 'magic'],
      ['an unknown kind', () => request({ kind: 9 }), 'descriptors'],
      ['END, which is an answer', () => request({ kind: Kind.end }), 'descriptors'],
      ['MEMORY without a descriptor', () => memoryRequest(1), 'descriptors'],
      ['BIND before OPEN, without one', () => bindRequest([0]), 'descriptors'],
      ['no slots', () => openRequest(host.map, VALUE_SIZE, []), 'slot count'],
      ['a slot count of 17', () => changed(20, 17), 'slot count'],
      ['a slot behind the value', () => changed(24, 16), 'slot offset'],
      ['a slot that is not aligned', () => changed(24, 4), 'slot offset'],
      ['slots that overlap', () => changed(32, 0), 'slot offset'],
      ['an empty struct', () => changed(28, 0), 'slot size'],
      ['unused slots that are used', () => changed(60, 1), 'unused slots'],
      ['no value', () => changed(16, 0), 'value size'],
      ['a path that does not begin at the root', () => changed(152, 0x61), 'path'],
      ['a path without an end', () => good().fill(0x2f, 152, 408), 'path'],
      ['bytes behind the path', () => changed(511, 1), 'path'],
    ])('%s', async (_, make, problem) => {
      const client = await host.client(uid);
      const connection = await client.connect(broker.socket);
      const from = broker.log.length;
      await connection.send(make());
      expect(await connection.answer()).toMatchObject({ kind: 'end', id: 0 });
      expect(await connection.answer()).toBeNull();
      await broker.logged({ event: 'protocol-error', problem }, from);
    });

    test.each([1, 3])(
      'version %i: the answer, in its version, says which one this is',
      async (version) => {
        const client = await host.client(uid);
        const connection = await client.connect(broker.socket);
        const from = broker.log.length;
        await connection.send(request({ version, kind: Kind.open }));
        expect(await connection.answer(version)).toMatchObject({
          ...{ kind: 'end', id: 0, reason: 'other version', found: 2 },
        });
        expect(await connection.answer()).toBeNull();
        await broker.logged(
          { event: 'connection-refused', reason: 'version', version: `${version}`, uid: `${uid}` },
          from,
        );
      },
    );

    test('a request that ends in its middle', async () => {
      const client = await host.client(uid);
      const connection = await client.connect(broker.socket);
      const from = broker.log.length;
      await connection.send(good().subarray(0, 100));
      await connection.close();
      await broker.logged({ event: 'protocol-error', problem: 'truncated' }, from);
    });

    test.each<[string, (client: Client) => Promise<[Buffer, ...number[]]>, string]>([
      ['OPEN a second time', async () => [good()], 'a second OPEN'],
      [
        'OPEN with a descriptor',
        async (client) => [good(), await client.memfd(PAGE_SIZE)],
        'descriptors',
      ],
      [
        'MEMORY with a number that is taken',
        async (client) => [memoryRequest(1), await client.memfd(PAGE_SIZE)],
        'memory number',
      ],
      [
        'MEMORY with a number too large',
        async (client) => [memoryRequest(129), await client.memfd(PAGE_SIZE)],
        'memory number',
      ],
      [
        'BIND with another count of pointers',
        async (client) => [bindRequest([FIRST]), await client.pidfd(client.pid)],
        'pointer count',
      ],
      [
        'BIND with an offset for NULL',
        async (client) => [
          request({ kind: Kind.bind }, 2, 0, 0, 8),
          await client.pidfd(client.pid),
        ],
        'offset of NULL',
      ],
      [
        'UNBIND with something in it',
        async (client) => [request({ kind: Kind.unbind }, 1), await client.pidfd(client.pid)],
        'unused bytes',
      ],
      [
        'two descriptors',
        async (client) => {
          const pidfd = await client.pidfd(client.pid);
          return [unbindRequest(), pidfd, pidfd];
        },
        'descriptors',
      ],
      [
        'more descriptors than anybody takes',
        async (client) => {
          const pidfd = await client.pidfd(client.pid);
          return [unbindRequest(), ...new Array<number>(253).fill(pidfd)];
        },
        'descriptors cut off',
      ],
    ])('%s: what was bound is unbound', async (_, make, problem) => {
      const all = await ready(host, broker, { uid });
      await all.connection.bind(all.main, [FIRST, 0]);
      const from = broker.log.length;
      const [bytes, ...fds] = await make(all.client);
      await all.connection.send(bytes, ...fds);
      expect(await all.connection.answer()).toMatchObject({ kind: 'end' });
      expect(await host.isBound(all.client.pid)).toBe(false);
      expect(await all.connection.answer()).toBeNull();
      await broker.logged({ event: 'protocol-error', problem }, from);
    });

    test('BIND before OPEN', async () => {
      const client = await host.client(uid);
      const connection = await client.connect(broker.socket);
      await connection.send(bindRequest([0]), await client.pidfd(client.pid));
      expect(await connection.answer()).toMatchObject({ kind: 'end' });
    });

    test('answers that are never read', async () => {
      const all = await ready(host, broker, { uid });
      const from = broker.log.length;
      let unread = 0;
      // The answers fill the socket, and then the broker hangs up.
      while (await all.connection.trySend(unbindRequest(), all.main)) unread++;
      expect(unread).toBeGreaterThan(64);
      await broker.logged({ event: 'protocol-error', problem: 'answers are not read' }, from);
    });
  });
});
