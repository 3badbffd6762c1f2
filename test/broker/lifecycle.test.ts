// Maps that come and go, brokers that come and go, and where a broker may run at all.

import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Step } from '@schedhint/native';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { BpfReader } from '../rig/bpf-reader.js';
import { describeOnKernel } from '../rig/kernel-support.js';
import { PAGE_SIZE } from '../rig/page-size.js';
import { BrokerProcess, BUILD_MS, buildBroker, NOTHING } from './broker-process.js';
import { clientProgram } from './client.js';
import { Host, ready, SLOTS, VALUE_SIZE } from './host.js';

const UID = 65534;
const FIRST = { memory: 1, offset: 0 };
const END = { kind: 'end', id: 0, reason: 'done' };
const WITHOUT_CAPABILITIES = [
  'setpriv',
  '--bounding-set=-all',
  '--inh-caps=-all',
  '--no-new-privs',
];

describeOnKernel('the broker lives', () => {
  let host: Host;
  let scratch: string;

  beforeAll(() => {
    buildBroker();
    scratch = mkdtempSync(join(tmpdir(), 'schedhint-lifecycle-'));
    execFileSync('chmod', ['755', scratch]);
  }, BUILD_MS);
  afterAll(() => rmSync(scratch, { recursive: true, force: true }));
  afterEach(() => host?.end());

  async function opened(broker: BrokerProcess, map: string) {
    const client = await host.client(UID);
    const connection = await client.connect(broker.socket);
    return { client, connection, answer: await connection.open(map, VALUE_SIZE, SLOTS) };
  }

  test('a map that goes, and comes: its clients are ended, and only they', async () => {
    host = await Host.start();
    const elsewhere = `${host.bpffs.path}/elsewhere`;
    const broker = await host.broker({ maps: [host.map, elsewhere] });
    const descriptors = broker.descriptors();
    const all = await ready(host, broker, { uid: UID });
    await all.connection.bind(all.main, [FIRST, 0]);
    const other = await opened(broker, elsewhere);
    expect(other.answer).toMatchObject({ reason: 'kernel', step: Step.OpenMap });

    await host.reader.close();
    expect(await all.connection.answer()).toMatchObject(END);
    expect(await all.connection.answer()).toBeNull();
    await broker.logged({ event: 'map', map: host.map, id: '0' });
    await broker.untilHeld({ connections: 1, threads: 0, pages: 0 });
    // The kernel can free it: no one has it open.
    const waiting = await opened(broker, host.map);
    expect(waiting.answer).toMatchObject({ reason: 'kernel', step: Step.OpenMap });

    await host.load();
    expect(await waiting.connection.answer()).toMatchObject(END);
    const again = await ready(host, broker, { uid: UID });
    expect(await again.connection.bind(again.main, [FIRST, 0])).toMatchObject({ reason: 'done' });
    // Who waits for another map has heard nothing.
    expect(await other.connection.memory(1, await other.client.memfd(PAGE_SIZE))).toMatchObject({
      reason: 'kernel',
    });
    await host.endClients();
    await broker.untilHeld(NOTHING);
    expect(broker.descriptors()).toBe(descriptors);
    await broker.stop();
  });

  test('a map that is replaced under its name: the old elements are deleted', async () => {
    host = await Host.start();
    const broker = await host.broker();
    const all = await ready(host, broker, { uid: UID });
    await all.connection.bind(all.main, [FIRST, 0]);
    mkdirSync(`${host.bpffs.path}/next`);
    const next = await BpfReader.load('uptr_rows', `${host.bpffs.path}/next`);
    renameSync(`${host.bpffs.path}/next/datamap`, host.map);
    expect(await all.connection.answer()).toMatchObject(END);
    expect(await host.isBound(all.client.pid)).toBe(false); // in the old one
    const again = await opened(broker, host.map);
    expect(again.answer).toMatchObject({ reason: 'done', mapId: next.maps.datamap!.id });
    await broker.stop();
    await next.close();
  });

  test('SIGTERM: everything is unbound, clients are informed, the socket goes', async () => {
    host = await Host.start();
    const broker = await host.broker();
    const all = await ready(host, broker, { uid: UID });
    await all.connection.bind(all.main, [FIRST, 0]);
    await broker.stop();
    expect(await all.connection.answer()).toMatchObject(END);
    expect(await host.isBound(all.client.pid)).toBe(false);
    expect(existsSync(broker.socket)).toBe(false);
  });

  test('SIGKILL and a new one: it takes the socket over, and binds what was bound', async () => {
    host = await Host.start();
    const socket = join(scratch, 'killed.sock');
    const first = await host.broker({ socket });
    const all = await ready(host, first, { uid: UID });
    await all.connection.bind(all.main, [FIRST, 0]);
    await first.stop('SIGKILL');
    expect(await all.connection.answer()).toBeNull(); // without END: the element is still there
    expect(await host.isBound(all.client.pid)).toBe(true);
    const second = await host.broker({ socket });
    const connection = await all.client.connect(socket);
    await connection.open(host.map, VALUE_SIZE, SLOTS);
    // The dead one has sealed the old one, so a new one takes its place.
    expect(await connection.memory(1, all.memory)).toMatchObject({ reason: 'bad memory' });
    const next = await all.client.memfd(PAGE_SIZE);
    expect(await connection.memory(1, next)).toMatchObject({ reason: 'done' });
    expect(await connection.bind(all.main, [FIRST, 0])).toMatchObject({ reason: 'done' });
    await connection.close();
    await host.untilUnbound(all.client.pid);
    // A third does not push a living one aside.
    const third = BrokerProcess.run({ maps: [host.map], socket });
    await third.logged({ event: 'socket-failed', error: 'EADDRINUSE' });
    expect(await third.exit()).toBe(1);
    await second.untilHeld(NOTHING);
    await second.stop();
  });

  test('without any capability, where root owns the pin', async () => {
    host = await Host.start();
    const broker = await host.broker({ under: WITHOUT_CAPABILITIES });
    const all = await ready(host, broker, { uid: UID });
    expect(await all.connection.bind(all.main, [FIRST, 0])).toMatchObject({ reason: 'done' });
    expect(await host.isBound(all.client.pid)).toBe(true);
    await broker.stop();
  });

  test('under systemd: takes the socket that it is given, and says when it is ready', async () => {
    host = await Host.start();
    const witness = await host.client();
    const notify = join(scratch, 'notify.sock');
    const socket = join(scratch, 'activated.sock');
    const told = await witness.descriptor(`datagrams ${notify}`);
    const broker = await host.broker({
      socket: join(scratch, 'unused.sock'),
      under: [clientProgram, 'activate', socket],
      env: { NOTIFY_SOCKET: notify },
    });
    expect((await witness.bytes(`receive ${told} 7`)).toString()).toBe('READY=1');
    const client = await host.client(UID);
    execFileSync('chmod', ['666', socket]);
    const connection = await client.connect(socket);
    expect(await connection.open(host.map, VALUE_SIZE, SLOTS)).toMatchObject({ reason: 'done' });
    expect(existsSync(broker.socket)).toBe(false);
    await broker.stop();
    expect((await witness.bytes(`receive ${told} 10`)).toString()).toBe('STOPPING=1');
    expect(existsSync(socket)).toBe(true);
  });

  test('the socket has the mode and the group that it is given', async () => {
    host = await Host.start();
    const broker = await host.broker({ args: ['--mode', '0660', '--group', '65533'] });
    expect(statSync(broker.socket).mode & 0o777).toBe(0o660);
    expect(statSync(broker.socket).gid).toBe(65533);
    const outsider = await host.client(UID);
    expect(await outsider.attempt(`connect ${broker.socket}`)).toMatchObject({ error: 'EACCES' });
    const insider = await host.client(65533);
    await insider.connect(broker.socket);
    await broker.stop();
  });

  test.each([
    ['a pid namespace', ['unshare', '--pid', '--fork', '--mount-proc']],
    ['a user namespace', ['unshare', '--user', '--map-root-user']],
  ])('but not in %s of its own: it says so and exits', async (_, under) => {
    host = await Host.start();
    const broker = BrokerProcess.run({ maps: [host.map], under });
    const line = await broker.logged({ event: 'start-failed' });
    expect(line.reason).toContain('initial pid and user namespaces');
    expect(await broker.exit()).toBe(1);
  });
});
