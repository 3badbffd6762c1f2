// Sets up a bpffs that only root may enter, with a map and a BPF program that reads it, and starts brokers and clients on it.

import { BpfReader } from '../rig/bpf-reader.js';
import { type Bpffs, mountBpffs } from '../rig/bpffs.js';
import { PAGE_SIZE } from '../rig/page-size.js';
import { until } from '../rig/until.js';
import { type BrokerOptions, BrokerProcess } from './broker-process.js';
import { Client, type Connection } from './client.js';
import type { Slot } from './messages.js';

/** The size of struct value in test/rig/bpf/uptr_rows.bpf.c. */
export const VALUE_SIZE = 16;
export const SLOTS: readonly Slot[] = [
  { offset: 0, size: 16 },
  { offset: 8, size: 16 },
];
const MAGIC = 0xabcd1234;

/** A machine with a map that only root may open, and a BPF program that reads it. */
export class Host {
  readonly bpffs: Bpffs = mountBpffs();
  reader!: BpfReader;
  readonly #clients: Client[] = [];

  static async start(): Promise<Host> {
    const host = new Host();
    await host.bpffs.setMode(0o700);
    await host.load();
    return host;
  }

  get map(): string {
    return `${this.bpffs.path}/datamap`;
  }

  get mapId(): number {
    return this.reader.maps.datamap!.id;
  }

  async load(): Promise<void> {
    this.reader = await BpfReader.load('uptr_rows', this.bpffs.path);
  }

  broker(options: Partial<BrokerOptions> = {}): Promise<BrokerProcess> {
    return BrokerProcess.start({ maps: [this.map], ...options });
  }

  async client(uid?: number): Promise<Client> {
    const client = await Client.start(uid);
    this.#clients.push(client);
    return client;
  }

  /** Whether a thread has an element. */
  async isBound(tid: number): Promise<boolean> {
    return (await this.reader.element('datamap', tid)) !== null;
  }

  async untilUnbound(tid: number): Promise<void> {
    await until(`${tid} has no element`, async () => !(await this.isBound(tid)));
  }

  /** Lets the program read and write one thread's blocks. */
  async look(tid: number): Promise<void> {
    await this.reader.set('control', 0, [tid, 0]);
  }

  async endClients(): Promise<void> {
    await Promise.all(this.#clients.splice(0).map((client) => client.kill()));
  }

  async end(): Promise<void> {
    await this.endClients();
    await this.reader?.close();
    this.bpffs.unmount();
  }
}

/** A client with one memory handed over, of so many pages, whose main thread can be bound. */
export interface Ready {
  readonly client: Client;
  readonly connection: Connection;
  readonly memory: number;
  readonly main: number;
}

export async function ready(
  host: Host,
  broker: BrokerProcess,
  { uid, pages = 1 }: { uid?: number; pages?: number } = {},
): Promise<Ready> {
  const client = await host.client(uid);
  const connection = await client.connect(broker.socket);
  const opened = await connection.open(host.map, VALUE_SIZE, SLOTS);
  if (opened.reason !== 'done') throw new Error(JSON.stringify(opened));
  const memory = await client.memfd(pages * PAGE_SIZE);
  const handed = await connection.memory(1, memory);
  if (handed.reason !== 'done') throw new Error(JSON.stringify(handed));
  return { client, connection, memory, main: await client.pidfd(client.pid) };
}

/** Writes a and b as user_data has them. */
export async function writeInputs(
  { client, memory }: Pick<Ready, 'client' | 'memory'>,
  offset: number,
  a: number,
  b: number,
): Promise<void> {
  const bytes = Buffer.alloc(16);
  bytes.writeInt32LE(a, 0);
  bytes.writeInt32LE(b, 4);
  await client.command(`poke ${memory} ${offset} ${bytes.toString('hex')}`);
}

/** What the program makes of them, through each pointer. */
export async function readResults(
  { client, memory }: Pick<Ready, 'client' | 'memory'>,
  offset: number,
): Promise<number[]> {
  const bytes = await client.bytes(`peek ${memory} ${offset} 16`);
  return [bytes.readUInt32LE(8), bytes.readUInt32LE(12)];
}

export function resultOf(a: number, b: number): number {
  return (MAGIC + a + b) >>> 0;
}
