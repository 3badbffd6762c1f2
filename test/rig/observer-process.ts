// Runs the observer of observer/ as a child process and reads its snapshots of all threads.

import { fileURLToPath } from 'node:url';
import { LineProcess } from './json-lines-process.js';

const program = fileURLToPath(new URL('../../observer/build/observer', import.meta.url));

/** A thread, as the observer prints it; `hints` only of one with a block. */
export interface ObservedThread {
  readonly tid: number;
  readonly tgid: number;
  readonly kind: 'js' | 'helper';
  readonly exited: boolean;
  readonly runtime: number;
  readonly gcCount: number;
  readonly hints: {
    readonly role: number;
    readonly phase: number;
    readonly urgency: number;
    readonly sliceUs: number;
    readonly deadlineNs: string;
    readonly user: string;
  };
}

/** The observer of examples/, with a pin of the test's own. */
export class Observer {
  readonly mapId: number;
  readonly #process: LineProcess;

  private constructor(process: LineProcess, mapId: number) {
    this.#process = process;
    this.mapId = mapId;
  }

  static async start(pin: string, ...options: string[]): Promise<Observer> {
    const child = new LineProcess(program, ['--pin', pin, '--interval', '0', ...options]);
    const ready = await child.next();
    return new Observer(child, ready.mapId as number);
  }

  /** What it knows now of all threads. */
  async threads(): Promise<ObservedThread[]> {
    this.#process.send('snapshot');
    return (await this.#process.next()).threads as ObservedThread[];
  }

  async stop(): Promise<void> {
    const { code } = await this.#process.end();
    if (code !== 0) throw new Error(`observer exited with ${code}`);
  }
}
