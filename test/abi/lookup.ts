// Loads rig/bpf/lookup.bpf.c, which owns a map, and asks the functions of schedhint.bpf.h about any thread at any time.

import { BpfReader } from '../rig/bpf-reader.js';

/** What is asked of a thread. */
export interface Question {
  /** The time, after now, ns. */
  readonly laterNs?: bigint;
  /** Whether the reader remembers the task: `again` forgets it first. By default it does not. */
  readonly remember?: 'yes' | 'again';
  /** Publish as this reader. */
  readonly readerId?: number;
}

/** What the functions say. */
export interface Answer {
  readonly now: bigint;
  readonly thread: boolean;
  readonly process: boolean;
  readonly own: boolean;
  readonly any: boolean;
  readonly gc: number;
  readonly inPause: boolean;
  readonly helps: boolean;
  readonly inherits: boolean;
  /** Whether the group was read whole. */
  readonly group: boolean;
  readonly urgency: number;
  readonly batch: boolean;
  readonly user: bigint;
  /** Null: no deadline, or none that counts. */
  readonly slackNs: bigint | null;
  readonly published: boolean;
}

/** What a lookup takes, ns, and how often it found something. */
export interface Cost {
  readonly ns: number;
  readonly found: number;
}

const ROUNDS = 2000;
const REMEMBER = { no: 0, yes: 1, again: 2 };

export class Lookup {
  readonly reader: BpfReader;
  readonly map: string;

  private constructor(reader: BpfReader, pins: string) {
    this.reader = reader;
    this.map = `${pins}/schedhint`;
  }

  static async load(pins: string): Promise<Lookup> {
    return new Lookup(await BpfReader.load('lookup', pins), pins);
  }

  async ask(tid: number, question: Question = {}): Promise<Answer> {
    await this.#pose(tid, question);
    if ((await this.reader.run('ask')) !== 0) throw new Error(`there is no thread ${tid}`);
    const told = await this.reader.get('answer', 0);
    const word = (i: number) => told.readUInt32LE(40 + 4 * i);
    const found = word(0);
    return {
      now: told.readBigUInt64LE(0),
      thread: (found & 1) !== 0,
      process: (found & 2) !== 0,
      own: (found & 4) !== 0,
      any: (found & 8) !== 0,
      gc: word(1),
      inPause: word(2) !== 0,
      helps: word(3) !== 0,
      group: word(4) !== 0,
      urgency: word(5),
      batch: word(6) !== 0,
      user: told.readBigUInt64LE(16),
      slackNs: word(7) !== 0 ? told.readBigUInt64LE(8) : null,
      published: word(8) !== 0,
      inherits: word(9) !== 0,
    };
  }

  /** Of a lookup, less the loop that it is in. */
  async cost(tid: number, remember: boolean): Promise<Cost> {
    await this.#pose(tid, remember ? { remember: 'yes' } : {});
    const runs: number[] = [];
    let found = 0;
    for (let i = 0; i < 11; i++) {
      for (const program of ['time_nothing', 'time_lookups']) {
        if ((await this.reader.run(program)) !== 0) throw new Error(`there is no thread ${tid}`);
      }
      const told = await this.reader.get('answer', 0);
      runs.push(Number(told.readBigUInt64LE(24) - told.readBigUInt64LE(32)) / ROUNDS);
      found = Number(told.readBigUInt64LE(16));
    }
    return { ns: runs.sort((a, b) => a - b)[5]!, found };
  }

  close(): Promise<void> {
    return this.reader.close();
  }

  async #pose(tid: number, { laterNs = 0n, remember, readerId = 0 }: Question): Promise<void> {
    const words = [Number(laterNs & 0xffff_ffffn), Number(laterNs >> 32n)];
    const rest = [tid, REMEMBER[remember ?? 'no'], readerId, 0];
    await this.reader.set('question', 0, [...words, ...rest]);
  }
}
