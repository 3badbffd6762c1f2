// Loads a BPF reader of the kernel's task local data in one of its layouts (test/rig/bpf/tld_reader.h). Looks up a thread's value
// by its key's name, can overwrite it, and collects the bits that the value had at context switches.

import { BpfReader } from '../rig/bpf-reader.js';

/** The layouts of the map's value and of the metadata, by the letters of docs/channels.md. */
export type Layout = 'a' | 'b' | 'c';

/** A thread's value, as a BPF program that knows its name finds it. */
export interface Found {
  /** Number of the key in the metadata, or why it does not exist. */
  readonly index: number | 'no element' | 'no such key' | 'outside of the page';
  readonly value: bigint;
  /** Among the thread's values. */
  readonly offset: number;
  /** Of the thread's values in their page. */
  readonly start: number;
  /** The metadata's. */
  readonly count: number;
  readonly dataBytes: number;
}

const REFUSED = { [-1]: 'no element', [-2]: 'no such key', [-3]: 'outside of the page' } as const;

export class TldReader {
  readonly #reader: BpfReader;
  /** Where the place of each name is remembered, by a reader that does. */
  readonly #slots = new Map<string, number>();
  readonly map: string;
  readonly mapId: number;

  private constructor(reader: BpfReader, pins: string) {
    this.#reader = reader;
    this.map = `${pins}/tld_data_map`;
    this.mapId = reader.maps.tld_data_map!.id;
  }

  /**
   * @param layout `c_remembers`: as the kernel's BPF half, which looks a name up once for a thread; `c_short_names`: built with
   *   another `TLD_NAME_LEN`
   */
  static async load(
    layout: Layout | 'c_remembers' | 'c_short_names',
    pins: string,
  ): Promise<TldReader> {
    return new TldReader(await BpfReader.load(`tld_${layout}`, pins), pins);
  }

  /** @param write what the value is to be afterwards */
  async find(tid: number, name: string, size = 8, write?: number): Promise<Found> {
    const slot = this.#slots.get(name) ?? this.#slots.size;
    this.#slots.set(name, slot);
    const question = Buffer.alloc(120);
    question.writeUInt32LE(tid, 0);
    question.writeUInt32LE(size, 4);
    question.writeUInt32LE(write === undefined ? 0 : 1, 8);
    question.writeBigUInt64LE(BigInt(write ?? 0), 24);
    question.write(name, 48);
    question.writeUInt32LE(slot, 112);
    const words = Array.from({ length: 30 }, (_, i) => question.readUInt32LE(4 * i));
    await this.#reader.set('questions', 0, words);
    if ((await this.#reader.run('look')) !== 0) throw new Error(`there is no thread ${tid}`);
    await this.#reader.set('at_switch', 0, [0, 0, 0, 0, 0, 0]);
    const answer = await this.#reader.get('questions', 0);
    const index = answer.readInt32LE(12);
    return {
      index: index < 0 ? REFUSED[index as keyof typeof REFUSED] : index,
      value: answer.readBigUInt64LE(16),
      offset: answer.readUInt32LE(44),
      start: answer.readUInt32LE(40),
      count: answer.readUInt32LE(36),
      dataBytes: answer.readUInt32LE(32),
    };
  }

  /** The bits that the value of the last question has had when its thread left a CPU. */
  async bitsAtSwitches(): Promise<bigint> {
    return (await this.#reader.get('at_switch', 0)).readBigUInt64LE(16);
  }

  element(tid: number): Promise<Buffer | null> {
    return this.#reader.element('tld_data_map', tid);
  }

  /** What any process that may write the map can do to a thread's element. */
  replaceElement(tid: number, value: Buffer): Promise<void> {
    return this.#reader.replaceElement('tld_data_map', tid, value);
  }

  close(): Promise<void> {
    return this.#reader.close();
  }
}
