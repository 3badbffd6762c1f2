// Loads a BPF object of test/rig/bpf through the `reader` program, a child
// process, and accesses the pinned maps and task-storage elements.

import { fileURLToPath } from 'node:url';
import { LineProcess } from './json-lines-process.js';

const home = new URL('bpf/build/', import.meta.url);

export interface MapInfo {
  readonly id: number;
  readonly type: number;
  readonly keySize: number;
  readonly valueSize: number;
}

/** A BPF object of test/rig/bpf, loaded, with its maps pinned under their names. */
export class BpfReader {
  readonly maps: Readonly<Record<string, MapInfo>>;
  readonly #runner: LineProcess;

  private constructor(runner: LineProcess, maps: Record<string, MapInfo>) {
    this.#runner = runner;
    this.maps = maps;
  }

  /** @param pins a directory of a bpffs */
  static async load(object: string, pins: string, ...options: string[]): Promise<BpfReader> {
    const file = (name: string) => fileURLToPath(new URL(name, home));
    const args = [file(`${object}.bpf.o`), '--pins', pins, ...options];
    const runner = new LineProcess(file('reader'), args);
    const ready = (await runner.next()) as { ready: boolean; maps: Record<string, MapInfo> };
    if (!ready.ready) throw new Error(`${object}: ${JSON.stringify(ready)}`);
    return new BpfReader(runner, ready.maps);
  }

  /** Stops the programs; the maps stay. */
  async detach(): Promise<void> {
    await this.#ask('detach');
  }

  /** Removes the pins and ends. The maps go when no one has them open. */
  async close(): Promise<void> {
    const { code } = await this.#runner.end();
    if (code !== 0) throw new Error(`reader exited with ${code}`);
  }

  /** The bytes of an array map's entry. */
  async get(map: string, index: number): Promise<Buffer> {
    return bytes((await this.#ask(`get ${map} ${u32(index)}`)).value);
  }

  /** Sets an array map's entry from u32 words. */
  async set(map: string, index: number, words: readonly number[]): Promise<void> {
    await this.#ask(`set ${map} ${u32(index)} ${words.map(u32).join('')}`);
  }

  async dump(map: string, count?: number): Promise<[key: Buffer, value: Buffer][]> {
    const { entries } = await this.#ask(`dump ${map} ${count ?? ''}`);
    return (entries as [string, string][]).map(([key, value]) => [bytes(key), bytes(value)]);
  }

  /** A thread's element, as user space sees it; null: it has no element. */
  async element(map: string, tid: number): Promise<Buffer | null> {
    const answer = await this.#answer(`lookup_task ${map} ${tid}`);
    if (answer.error === 'ENOENT' || answer.error === 'ESRCH') return null;
    return bytes(checked(answer).value);
  }

  /** What any process that may write the map can do to a thread's element. */
  async replaceElement(map: string, tid: number, value: Buffer): Promise<void> {
    await this.#ask(`update_task ${map} ${tid} ${value.toString('hex')} 0`);
  }

  /** Runs a SEC("syscall") program in the runner's own process. */
  async run(program: string): Promise<number> {
    return (await this.#ask(`run ${program}`)).retval as number;
  }

  /** Instructions of a program, as the verifier left it. */
  async instructions(program: string): Promise<number> {
    return ((await this.#ask(`length ${program}`)).bytes as number) / 8;
  }

  async #ask(command: string) {
    return checked(await this.#answer(command)) as Record<
      'value' | 'entries' | 'retval' | 'bytes',
      unknown
    >;
  }

  #answer(command: string): Promise<Record<string, unknown>> {
    this.#runner.send(command);
    return this.#runner.next();
  }
}

function checked(answer: Record<string, unknown>): Record<string, unknown> {
  if ('error' in answer) throw new Error(JSON.stringify(answer));
  return answer;
}

function bytes(hex: unknown): Buffer {
  return Buffer.from(hex as string, 'hex');
}

/** As the kernel's runner reads it: bytes in the machine's order. */
function u32(word: number): string {
  const buffer = Buffer.from(new Uint32Array([word]).buffer);
  return buffer.toString('hex');
}
