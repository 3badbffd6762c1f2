// Loads bpf/peek.bpf.c, which owns a map, and reads any thread's hints through the thread's element as a scheduler would.

import { BpfReader } from './bpf-reader.js';

/** The loaded object, its pinned map, and the lookups in it. */
export class Peek {
  readonly #reader: BpfReader;
  readonly map: string;
  readonly mapId: number;

  private constructor(reader: BpfReader, pins: string) {
    this.#reader = reader;
    this.map = `${pins}/schedhint`;
    this.mapId = reader.maps.schedhint!.id;
  }

  static async load(pins: string): Promise<Peek> {
    return new Peek(await BpfReader.load('peek', pins), pins);
  }

  /** The thread's block through its element; null: it has no element. */
  async at(tid: number): Promise<{ urgency: number; user: bigint } | null> {
    await this.#reader.set('found', 0, [tid, 0, 0, 0, 0, 0]);
    if ((await this.#reader.run('look')) !== 0) throw new Error(`there is no thread ${tid}`);
    const found = await this.#reader.get('found', 0);
    if (found.readUInt32LE(4) === 0) return null;
    return { urgency: found.readUInt32LE(8), user: found.readBigUInt64LE(16) };
  }

  /** Whether it has one at all, as user space sees it. */
  async hasElement(tid: number): Promise<boolean> {
    return (await this.#reader.element('schedhint', tid)) !== null;
  }

  close(): Promise<void> {
    return this.#reader.close();
  }
}
