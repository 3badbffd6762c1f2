// One client against the memory of a broker that has little: whatever it hands over and binds is
// charged to itself.

import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { describeOnKernel } from '../rig/kernel-support.js';
import { PAGE_SIZE } from '../rig/page-size.js';
import {
  type BrokerProcess,
  BUILD_MS,
  buildBroker,
  NOTHING,
  unsanitized,
} from './broker-process.js';
import type { Client } from './client.js';
import { Host } from './host.js';
import { MemoryCgroup, whyNoMemoryCgroup } from './memory-cgroup.js';

const UID = 65534;
const MiB = 2 ** 20;
const BROKER_LIMIT = 128 * MiB;
const BROKER_AT_MOST = 8 * MiB;
/** So many does a user get, of 256 KiB each. */
const MEMORIES = 256;
const MEMORY_BYTES = 256 * 1024;
const PAGES = MEMORY_BYTES / PAGE_SIZE;

function describeWithCgroup(name: string, tests: () => void): void {
  if (whyNoMemoryCgroup === null) describeOnKernel(name, tests);
  else if (process.env.CI) test(name, () => expect.fail(`cannot run: ${whyNoMemoryCgroup}`));
  else console.warn(`skipped: ${name}: ${whyNoMemoryCgroup}`);
}

describeWithCgroup('a client that would have the broker pay', () => {
  let host: Host;
  let brokers: MemoryCgroup;
  let clients: MemoryCgroup;
  let broker: BrokerProcess;
  let client: Client;

  beforeAll(async () => {
    buildBroker();
    host = await Host.start();
  }, BUILD_MS);
  afterAll(() => host?.end());

  async function start() {
    brokers = new MemoryCgroup('broker', BROKER_LIMIT);
    clients = new MemoryCgroup('client');
    broker = await host.broker({ program: unsanitized, under: brokers.under });
    client = await host.client();
    clients.add(client.pid);
    await client.command(`uid ${UID}`);
    // The controller is there, and acts.
    expect(brokers.limit).toBe(BROKER_LIMIT);
    expect(brokers.peak).toBeGreaterThan(MiB / 8);
    expect(brokers.peak).toBeLessThan(BROKER_AT_MOST);
  }
  afterEach(async () => {
    await host.endClients();
    await broker.untilHeld(NOTHING);
    await broker.stop();
    await brokers.remove();
    await clients.remove();
  });

  test('leads a thread through all memories that it may hand over: it has paid for them', async () => {
    await start();
    expect(await client.command(`walk ${broker.socket} ${host.map} 3 1`)).toEqual({
      ...{ memories: MEMORIES, refused: 0, holes: 0, pages: MEMORIES * PAGES },
    });
    expect(await broker.held()).toMatchObject({ connections: 3, memories: MEMORIES, threads: 1 });
    console.log(
      `charged at most: broker ${brokers.peak / MiB} MiB, client ${clients.peak / MiB} MiB`,
    );
    expect(brokers.peak).toBeLessThan(BROKER_AT_MOST);
    expect(clients.peak).toBeGreaterThan(MEMORIES * MEMORY_BYTES);
  });

  test('hands over memories without pages: they are refused', async () => {
    await start();
    const walked = await client.command(`walk ${broker.socket} ${host.map} 3 0`);
    expect(walked).toMatchObject({ memories: 0, holes: 0, pages: 0 });
    expect(walked.refused).toBeGreaterThan(0);
    expect(brokers.peak).toBeLessThan(BROKER_AT_MOST);
  });

  test('binds a thread again and again: the broker remembers pages, not how often', async () => {
    await start();
    await client.command(`rebind ${broker.socket} ${host.map} 100000`);
    console.log(`charged at most: broker ${brokers.peak / MiB} MiB`);
    expect(brokers.peak).toBeLessThan(BROKER_AT_MOST);
  });
});
