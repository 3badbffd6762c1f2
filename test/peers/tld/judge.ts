// Builds the judge of one layout, judge.bpf.c with the kernel's own header, and asks it what BPF finds in a thread.

import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { BpfReader } from '../../rig/bpf-reader.js';
import { cString, HINTS, KEYS, type Key } from './keys.js';

const here = (name: string) => fileURLToPath(new URL(name, import.meta.url));

/** A program that has been built. */
export class JudgeObject {
  readonly #home: string;

  /**
   * @param header the kernel's task_local_data.bpf.h
   * @param home an empty directory for it
   */
  constructor(header: string, home: string) {
    this.#home = home;
    const lines = KEYS.map(({ name, size }, i) => `KEY(${i}, ${cString(name)}, ${size})\n`);
    writeFileSync(join(this.#home, 'keys.h'), lines.join(''));
    // The C library's includes what only the machine's own processor has.
    writeFileSync(join(this.#home, 'errno.h'), '#include <asm-generic/errno.h>\n');
    const urgency = KEYS.indexOf(HINTS[0]!);
    const { CLANG = 'clang-19' } = process.env;
    execFileSync(CLANG, [
      ...['-g', '-O2', '-target', 'bpf', '-mcpu=v3', '-Wall', '-Werror'],
      ...['-Wno-unused-function', `-I${here('../../rig/bpf')}`, `-I${this.#home}`],
      `-DTLD_HEADER="${header}"`,
      `-DKEY_URGENCY=key_${urgency}`,
      ...['-c', here('judge.bpf.c'), '-o', this.#object],
    ]);
  }

  get #object(): string {
    return `${this.#path}.bpf.o`;
  }

  get #path(): string {
    return join(this.#home, 'judge');
  }

  /** @param pins a directory of a bpffs */
  async load(pins: string): Promise<Judge> {
    return new Judge(await BpfReader.load(this.#path, pins), pins);
  }
}

/** What a lookup says that gives no bytes. */
export type Nothing = 'no element' | 'not found';

const FOUND_NOTHING = 1;
const ENODATA = -61;

/** The kernel's BPF half of one layout, loaded. */
export class Judge {
  readonly #reader: BpfReader;
  readonly map: string;
  readonly mapId: number;

  constructor(reader: BpfReader, pins: string) {
    this.#reader = reader;
    this.map = `${pins}/tld_data_map`;
    this.mapId = reader.maps.tld_data_map!.id;
  }

  /** The bytes of a thread's value. */
  async bytes(tid: number, key: Key): Promise<Buffer | Nothing> {
    const nothing = await this.#look(tid, key, false);
    return nothing ?? (await this.#reader.get('values', 0)).subarray(0, key.size);
  }

  /** A value of 8 bytes. */
  async number(tid: number, key: Key): Promise<bigint | Nothing> {
    const found = await this.bytes(tid, key);
    return typeof found === 'string' ? found : found.readBigUInt64LE();
  }

  /** Writes into a thread's value. */
  async write(tid: number, key: Key, bytes: Uint8Array): Promise<Nothing | 'written'> {
    const padded = Buffer.alloc(4096);
    padded.set(bytes);
    const words = Array.from({ length: 1024 }, (_, i) => padded.readUInt32LE(4 * i));
    await this.#reader.set('values', 0, words);
    return (await this.#look(tid, key, true)) ?? 'written';
  }

  /** What the thread of the last question had as its urgency when it last left a CPU. */
  async urgencyAtSwitch(): Promise<bigint> {
    return (await this.#reader.get('at_switch', 0)).readBigUInt64LE();
  }

  /** A thread's element as user space reads it: without the pointers. Null: there is no element. */
  element(tid: number): Promise<Buffer | null> {
    return this.#reader.element('tld_data_map', tid);
  }

  async close(): Promise<void> {
    await this.#reader.close();
  }

  async #look(tid: number, key: Key, write: boolean): Promise<Nothing | undefined> {
    const number = KEYS.indexOf(key);
    if (number < 0) throw new Error(`the judge does not know ${key.name}`);
    await this.#reader.set('questions', 0, [tid, number, write ? 1 : 0, 0]);
    if ((await this.#reader.run('look')) !== 0) throw new Error(`there is no thread ${tid}`);
    const answer = (await this.#reader.get('questions', 0)).readInt32LE(12);
    if (answer === 0) return undefined;
    if (answer === FOUND_NOTHING) return 'not found';
    if (answer === ENODATA) return 'no element';
    throw new Error(`tld_object_init: ${answer}`);
  }
}
