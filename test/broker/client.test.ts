import { chmodSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { BpfReader } from '../rig/bpf-reader.js';
import { type Bpffs, mountBpffs } from '../rig/bpffs.js';
import { describeOnKernel } from '../rig/kernel-support.js';
import { type Context, NodeProcess } from '../rig/node-process.js';
import { settledPins, untilPinnedAtMost } from '../rig/pinned-pages.js';
import { untilQuarantineIsOver } from '../rig/resource-counts.js';
import { readSamples } from '../rig/sampler.js';
import { until } from '../rig/until.js';
import { BrokerProcess, BUILD_MS, buildBroker } from './broker-process.js';

const NOBODY = 65534;
const REFUSE = fileURLToPath(new URL('../faults/programs/build/refuse', import.meta.url));

/** An app of no privilege whose container refuses it a system call. */
async function startRefused(syscall: string, socket: string): Promise<NodeProcess> {
  const node = await startRefusedAsRoot(syscall, socket);
  await becomeNobody(node);
  return node;
}

function startRefusedAsRoot(syscall: string, socket: string): Promise<NodeProcess> {
  return NodeProcess.start({
    execPath: REFUSE,
    execArgv: [syscall, 'EPERM', process.execPath],
    env: { SCHEDHINT_BROKER: socket },
  });
}

/** Once everything is loaded, workers too: the sources need not be readable for everyone. */
async function becomeNobody(node: NodeProcess): Promise<void> {
  await node.run((_, uid) => {
    process.setgroups!([]);
    process.setgid!(uid);
    process.setuid!(uid);
  }, NOBODY);
}

function attach({ schedhint, keep }: Context, map: string) {
  keep.thread = schedhint.attachThread({ map, scoped: true });
  return keep.thread.tid as number;
}
const statusOf = ({ keep }: Context) => keep.thread.status;
const stop = ({ keep }: Context) => keep.thread.stop();
const counts = ({ addon }: Context) => addon.counts();

describeOnKernel('an app that may not open the map', () => {
  let bpffs: Bpffs;
  let reader: BpfReader;
  let node: NodeProcess;
  let broker: BrokerProcess | null = null;
  let directory: string;
  let map: string;
  let socket: string;

  beforeAll(buildBroker, BUILD_MS);
  beforeEach(async () => {
    bpffs = mountBpffs();
    reader = await BpfReader.load('sampler', bpffs.path, '--period-us', '200'); // its pins are 0600
    map = `${bpffs.path}/schedhint`;
    directory = mkdtempSync(join(tmpdir(), 'schedhint-broker-'));
    chmodSync(directory, 0o755);
    socket = join(directory, 'broker.sock');
  });
  afterEach(async () => {
    await node?.kill();
    await endBroker('SIGTERM');
    await reader?.close();
    bpffs?.unmount();
    rmSync(directory, { recursive: true });
  });

  const startBroker = async () => {
    broker = await BrokerProcess.start({ maps: [map], socket });
  };
  const endBroker = async (signal: NodeJS.Signals) => {
    await broker?.stop(signal);
    broker = null;
  };
  const untilState = (state: string, code?: string) =>
    until(
      `it is ${state} ${code ?? ''}`,
      async () => {
        const status = await node.run(statusOf);
        return status.state === state && (code === undefined || status.code === code);
      },
      () => node.run(statusOf),
    );
  const untilElement = (tid: number, is: 'there' | 'gone') =>
    until(
      `the element is ${is}`,
      async () => ((await reader.element('schedhint', tid)) !== null) === (is === 'there'),
    );

  test('is bound by the broker: a scheduler sees its collections, and it the feedback', async () => {
    await startBroker();
    node = await startRefused('bpf', socket);
    const tid = await node.run(attach, map);
    await reader.set('control', 0, [node.pid]);
    await untilState('bound');
    expect(await node.run(statusOf)).toMatchObject({
      map: { path: map, id: reader.maps.schedhint!.id, by: 'broker' },
    });
    await node.run(({ schedhint, require, keep }) => {
      keep.gc = schedhint.startGcHints({ map: keep.thread.status.map.path });
      const v8 = require('node:v8') as typeof import('node:v8');
      const vm = require('node:vm') as typeof import('node:vm');
      v8.setFlagsFromString('--expose-gc');
      const collect = vm.runInNewContext('gc') as () => void;
      const held = Array.from({ length: 300_000 }, (_, i) => ({ i }));
      for (let i = 0; i < 20; i++) collect();
      return held.length;
    });
    const samples = (await readSamples(reader)).filter((sample) => sample.tid === tid);
    expect(samples.some(({ gc }) => gc !== 0)).toBe(true);
  });

  test('workers too, and all of it is given back', async () => {
    const pinsBefore = await settledPins();
    await startBroker();
    node = await startRefusedAsRoot('bpf', socket);
    const workers = await Promise.all([1, 2, 3, 4].map(() => node.startWorker()));
    await becomeNobody(node);
    const main = await node.run(attach, map);
    const tids = await Promise.all(workers.map((worker) => worker.run(attach, map)));
    for (const tid of [main, ...tids]) await untilElement(tid, 'there');
    await until('five are bound', async () => (await node.run(counts)).bound === 5);
    // The leader keeps the process's blocks as long as a thread is bound.
    await node.run(stop);
    await until('four are bound', async () => (await node.run(counts)).bound === 4);
    await untilElement(main, 'there');
    await Promise.all(workers.map((worker) => worker.stop()));
    await untilElement(main, 'gone');
    await untilQuarantineIsOver(node);
    await until(
      'no block is used',
      async () => (await node.run(counts)).blocksUsed === 0,
      () => node.run(counts),
    );
    expect(await node.run(counts)).toMatchObject({ bindings: 0, bound: 0, mapsOpen: 0 });
    await untilPinnedAtMost(pinsBefore);
  });

  test('waits for a broker that has died, and is bound by the next one', async () => {
    await startBroker();
    node = await startRefused('bpf', socket);
    const tid = await node.run(attach, map);
    await untilState('bound');
    await endBroker('SIGKILL');
    await untilState('waiting', 'ERR_SCHEDHINT_BROKER_UNREACHABLE');
    await startBroker();
    await untilState('bound');
    await untilElement(tid, 'there');
  });

  test('keeps a block that a dead broker has left in the map', async () => {
    await startBroker();
    node = await startRefused('bpf', socket);
    const tid = await node.run(attach, map);
    await untilState('bound');
    await endBroker('SIGKILL');
    await untilState('waiting', 'ERR_SCHEDHINT_BROKER_UNREACHABLE');
    await node.run(stop);
    // The program still finds it, so no one else may get it, however long that takes.
    const { blocksUsed, blocksQuarantined } = await node.run(counts);
    expect({ blocksUsed, blocksQuarantined }).toEqual({ blocksUsed: 2, blocksQuarantined: 0 });
    expect(await reader.element('schedhint', tid)).not.toBeNull();
    await startBroker();
    await untilElement(tid, 'gone');
    await until('no block is used', async () => (await node.run(counts)).blocksUsed === 0);
  });

  test('follows the map: away, and back under another id', async () => {
    await startBroker();
    node = await startRefused('bpf', socket);
    await node.run(attach, map);
    await untilState('bound');
    const before = reader.maps.schedhint!.id;
    await reader.close();
    await untilState('waiting', 'ERR_SCHEDHINT_MAP_NOT_FOUND');
    reader = await BpfReader.load('sampler', bpffs.path);
    await untilState('bound');
    const { map: bound } = (await node.run(statusOf)) as { map: { id: number } };
    expect(bound.id).toBe(reader.maps.schedhint!.id);
    expect(bound.id).not.toBe(before);
  });

  test('is informed when the broker does not serve the map', async () => {
    await startBroker();
    node = await startRefused('bpf', socket);
    renameSync(map, `${map}_other`);
    await node.run(attach, `${map}_other`);
    await untilState('unavailable', 'ERR_SCHEDHINT_BROKER_REFUSED');
  });

  test('is informed when its blocks are in no memfd', async () => {
    await startBroker();
    node = await startRefused('memfd_create', socket);
    await node.run(attach, map);
    await untilState('unavailable', 'ERR_SCHEDHINT_BROKER_MEMORY');
  });

  test('asks no broker when the settings forbid it', async () => {
    await startBroker();
    node = await startRefused('bpf', '');
    await node.run(attach, map);
    expect(await node.run(statusOf)).toMatchObject({ code: 'ERR_SCHEDHINT_BPF_REFUSED' });
  });

  test('binds on its own as soon as it may', async () => {
    node = await NodeProcess.start({ env: { SCHEDHINT_BROKER: socket } });
    await startBroker();
    await node.run(attach, map);
    expect(await node.run(statusOf)).toMatchObject({ state: 'bound', map: { by: 'self' } });
  });
});
