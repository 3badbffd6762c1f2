// The broker, between an app that may not open the map and the scheduler, dies or is lied to.

import assert from 'node:assert/strict';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { PROCESS_SIZE, THREAD_SIZE, VALUE_SIZE } from '../../../packages/core/src/block/abi.js';
import { BrokerProcess, buildBroker } from '../../broker/broker-process.js';
import { Client } from '../../broker/client.js';
import { bindRequest, type Pointer } from '../../broker/messages.js';
import { PAGE_SIZE } from '../../rig/page-size.js';
import type { App } from '../app.js';
import type { Row } from '../row.js';
import type { Scheduler } from '../scheduler.js';
import type { Stage } from '../stage.js';

const refuse = fileURLToPath(new URL('../programs/build/refuse', import.meta.url));
const NOBODY = 65534;
const HUGE = 64 << 20;
/** The standard value, and what a liar lets it point to. */
const SLOTS = [
  { offset: 0, size: THREAD_SIZE },
  { offset: 8, size: PROCESS_SIZE },
];
const POINTERS: readonly Pointer[] = [{ memory: 1, offset: 0 }, 0];

/** An app of no privilege to which bpf(2) is refused, and the broker that binds it. */
interface Brokered {
  readonly scheduler: Scheduler;
  readonly broker: BrokerProcess;
  readonly app: App;
}

async function startBroker(stage: Stage, socket: string): Promise<BrokerProcess> {
  const broker = await BrokerProcess.start({ maps: [stage.map], socket });
  let isOver = false;
  void broker.exit().then(() => {
    isOver = true;
  });
  stage.onClose(async () => {
    if (!isOver) await broker.stop();
  });
  return broker;
}

async function brokered(stage: Stage, workers: number): Promise<Brokered> {
  buildBroker();
  const scheduler = await stage.scheduler();
  const directory = mkdtempSync(join(tmpdir(), 'schedhint-faults-'));
  chmodSync(directory, 0o755);
  stage.onClose(() => rmSync(directory, { recursive: true, force: true }));
  const broker = await startBroker(stage, join(directory, 'broker.sock'));
  const app = await stage.app({
    workers,
    uid: NOBODY,
    through: [refuse, 'bpf', 'EPERM'],
    env: { SCHEDHINT_BROKER: broker.socket },
  });
  await app.untilAll('bound');
  await app.isHeard();
  return { scheduler, broker, app };
}

async function client(stage: Stage, uid?: number): Promise<Client> {
  const started = await Client.start(uid);
  stage.onClose(() => started.kill());
  return started;
}

const killed: Row = {
  fault: 'broker SIGKILLed and restarted',
  times: 10,
  async run(stage, times) {
    const { broker, app, scheduler } = await brokered(stage, 4);
    let current = broker;
    for (let i = 0; i < times; i++) {
      await current.stop('SIGKILL');
      await app.untilAll('ERR_SCHEDHINT_BROKER_UNREACHABLE');
      // What the dead one has left in the map still shows it.
      assert.equal(await scheduler.elements(app.tids), app.tids.length);
      current = await startBroker(stage, broker.socket);
      await app.untilAll('bound');
      await app.isHeard();
    }
    return 'waits, and is bound by the next one';
  },
};

const flooded: Row = {
  fault: 'broker flooded by clients that ask for more than they get',
  times: 200,
  async run(stage, times) {
    const { broker, app } = await brokered(stage, 2);
    const liar = await client(stage, NOBODY);
    let refused = 0;
    for (let i = 0; i < times; i++) {
      const connection = await liar.connect(broker.socket);
      // Requests without waiting for an answer, until it does not read any more or ends it.
      const request = bindRequest(POINTERS);
      await connection.send(Buffer.concat([request, request, request])).catch(() => refused++);
    }
    await app.isHeard();
    await liar.kill();
    await broker.untilHeld({ connections: 1 });
    await app.isHeard();
    return 'the app stays bound; nothing is held for them';
  },
};

const garbage: Row = {
  fault: 'broker fed garbage and truncated messages',
  times: 100,
  async run(stage, times) {
    const { broker, app } = await brokered(stage, 2);
    const liar = await client(stage, NOBODY);
    for (let i = 0; i < times; i++) {
      const garbled = await liar.connect(broker.socket);
      await garbled.send(Buffer.alloc(512, i + 1));
      assert.equal((await garbled.answer())?.kind, 'end');
      assert.equal(await garbled.answer(), null);
      await garbled.close();
      const truncated = await liar.connect(broker.socket);
      await truncated.send(bindRequest(POINTERS).subarray(0, 1 + (i % 511)));
      await truncated.close();
    }
    await broker.untilHeld({ connections: 1 });
    await app.isHeard();
    return 'the connection ends; the app stays bound';
  },
};

const foreignThread: Row = {
  fault: "broker handed another process's pidfd",
  times: 10,
  async run(stage, times) {
    const { broker, app } = await brokered(stage, 2);
    const liar = await client(stage, NOBODY);
    const connection = await liar.connect(broker.socket);
    assert.equal((await connection.open(stage.map, VALUE_SIZE, SLOTS)).reason, 'done');
    assert.equal((await connection.memory(1, await liar.memfd(PAGE_SIZE))).reason, 'done');
    for (let i = 0; i < times; i++) {
      const victim = await liar.pidfd(app.tids[i % app.tids.length]!);
      assert.equal((await connection.bind(victim, POINTERS)).reason, 'foreign thread');
      assert.equal((await connection.unbind(victim)).reason, 'foreign thread');
    }
    assert.ok(
      broker.log.some((line) => JSON.stringify(line).includes('foreign')),
      broker.text,
    );
    await app.isHeard();
    return 'refused and logged; the victim keeps its hints';
  },
};

function badDescriptor(
  fault: string,
  reason: string,
  ask: (liar: Client) => Promise<{ memory?: number; thread?: number }>,
): Row {
  return {
    fault: `broker handed ${fault}`,
    times: 10,
    async run(stage, times) {
      const { broker, app } = await brokered(stage, 1);
      const liar = await client(stage, NOBODY);
      for (let i = 0; i < times; i++) {
        const connection = await liar.connect(broker.socket);
        assert.equal((await connection.open(stage.map, VALUE_SIZE, SLOTS)).reason, 'done');
        const { memory, thread } = await ask(liar);
        const handed = await connection.memory(1, memory ?? (await liar.memfd(PAGE_SIZE)));
        const bound = thread === undefined ? handed : await connection.bind(thread, POINTERS);
        assert.equal(bound.reason, reason);
        await connection.close();
      }
      await broker.untilHeld({ connections: 1 });
      await app.isHeard();
      return `refused: ${reason}`;
    },
  };
}

export const rows: readonly Row[] = [
  killed,
  flooded,
  garbage,
  foreignThread,
  badDescriptor('a memfd without pages', 'bad memory', async (liar) => ({
    memory: await liar.sparse(PAGE_SIZE),
  })),
  badDescriptor('a huge memfd', 'bad memory', async (liar) => ({ memory: await liar.memfd(HUGE) })),
  badDescriptor('a descriptor that is no pidfd', 'not a thread', async (liar) => ({
    thread: await liar.descriptor('eventfd'),
  })),
];
