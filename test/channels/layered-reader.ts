// Loads test/rig/bpf/layered.bpf.c, a stand-in for scx_layered that owns its task hint map. Reads a thread's hint from that map,
// and the log of the bpf(2) calls by which a process changed its hints.

import { BpfReader } from '../rig/bpf-reader.js';

/** A change of an element, seen as its call began. */
export interface HintCall {
  readonly ns: number;
  /** Null: a delete. */
  readonly hint: number | null;
  /** Of the thread that calls; null: it had none. */
  readonly before: number | null;
  readonly tid: number;
}

const NO_HINT = 0xffff_ffff_ffff_ffffn;
const hintOf = (hint: bigint) => (hint === NO_HINT ? null : Number(hint));

/** scx_layered's map in a bpffs, and the eyes of its scheduler. */
export class LayeredReader {
  readonly #reader: BpfReader;
  readonly map: string;
  readonly mapId: number;

  private constructor(reader: BpfReader, pins: string) {
    this.#reader = reader;
    this.map = `${pins}/task_hints`;
    this.mapId = reader.maps.task_hints!.id;
  }

  /** @param pid whose calls are written down */
  static async load(pins: string, pid: number): Promise<LayeredReader> {
    const reader = await BpfReader.load('layered', pins);
    const layered = new LayeredReader(reader, pins);
    await layered.watch(pid);
    return layered;
  }

  /** Writes another process's calls down from now on. */
  watch(pid: number): Promise<void> {
    return this.#reader.set('watched', 0, [pid]);
  }

  /** A thread's hint, as the scheduler sees it. */
  async hint(tid: number): Promise<number | null> {
    await this.#reader.set('watched', 1, [tid]);
    const seen = (await this.#reader.run('look')) | 0;
    if (seen === -2) throw new Error(`there is no thread ${tid}`);
    return seen === -1 ? null : seen;
  }

  /** The calls since the last time that this was asked. */
  async calls(): Promise<HintCall[]> {
    const count = (await this.#reader.get('call_count', 0)).readUInt32LE();
    const entries = await this.#reader.dump('calls', count);
    await this.#reader.set('call_count', 0, [0, 0]);
    return entries.map(([, value]) => {
      if (value.readUInt32LE(28) !== 0) throw new Error('reserved words are not 0');
      return {
        ns: Number(value.readBigUInt64LE(0)),
        hint: hintOf(value.readBigUInt64LE(8)),
        before: hintOf(value.readBigUInt64LE(16)),
        tid: value.readUInt32LE(24),
      };
    });
  }

  close(): Promise<void> {
    return this.#reader.close();
  }
}
