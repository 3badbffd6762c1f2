// Drives programs/scheduler.c, a stand-in for a scheduler that pins a map and
// reads the blocks of bound threads, as a child process.

import { fileURLToPath } from 'node:url';
import { LineProcess } from '../rig/json-lines-process.js';

const program = (name: string) => fileURLToPath(new URL(`programs/build/${name}`, import.meta.url));

/** What the scheduler's programs found in a thread's block when they last looked. */
export interface Seen {
  readonly ns: bigint;
  readonly looks: bigint;
  readonly deadlineNs: bigint;
  readonly user: bigint;
  readonly urgency: number;
  /** Of the last look that found it inside a pause; 0n: none has. */
  readonly gcNs: bigint;
  readonly gcSinceNs: bigint;
}

/** programs/scheduler.c: it may be killed at any moment, as schedulers may. */
export class Scheduler {
  readonly mapId: number;
  /** CLOCK_MONOTONIC when the map appeared under its name. */
  readonly pinnedNs: bigint;
  readonly #process: LineProcess;

  private constructor(process: LineProcess, ready: Record<string, unknown>) {
    this.#process = process;
    this.mapId = ready.mapId as number;
    this.pinnedNs = BigInt(ready.pinnedNs as string);
  }

  /**
   * @param options.reuse take the map that is pinned already, if there is one
   * @param options.through a command that runs it, e.g. in a namespace
   */
  static async start(
    pin: string,
    { reuse = false, through = [] }: { reuse?: boolean; through?: readonly string[] } = {},
  ): Promise<Scheduler> {
    const args = [program('scheduler.bpf.o'), pin, ...(reuse ? ['reuse'] : [])];
    const [command, ...rest] = [...through, program('scheduler'), ...args];
    const child = new LineProcess(command!, rest);
    return new Scheduler(child, await child.next());
  }

  /** Waits until all these threads have an element. @returns when it saw that, CLOCK_MONOTONIC */
  async bound(tids: readonly number[]): Promise<bigint> {
    return BigInt((await this.#ask(`bound ${tids.join(' ')}`)).boundNs as string);
  }

  /** How many of these threads have an element. */
  async elements(tids: readonly number[]): Promise<number> {
    return (await this.#ask(`elements ${tids.join(' ')}`)).elements as number;
  }

  async seen(tid: number): Promise<Seen | null> {
    const seen = (await this.#ask(`seen ${tid}`)).seen as Record<string, string | number> | null;
    if (seen === null) return null;
    const entries = Object.entries(seen).map(([key, value]) => [
      key,
      typeof value === 'string' ? BigInt(value) : value,
    ]);
    return Object.fromEntries(entries) as Seen;
  }

  /** SIGKILL: its map stays as long as anybody has it, its pin stays. */
  kill(): Promise<void> {
    return this.#process.kill();
  }

  /** It takes its pin away and ends. */
  async stop(): Promise<void> {
    const { code } = await this.#process.end();
    if (code !== 0) throw new Error(`the scheduler exited with ${code}`);
  }

  #ask(command: string): Promise<Record<string, unknown>> {
    this.#process.send(command);
    return this.#process.next();
  }
}
