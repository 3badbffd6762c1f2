// Spawns the observer program, and parses the lines of JSON on its stdout into snapshots and events. Closing its stdin stops it.

import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { EventEmitter, once } from 'node:events';
import { createInterface } from 'node:readline';
import { errorOf, type ObserverError } from './error.js';
import { findProgram } from './program.js';
import { parseMessage, type Ready, type Snapshot, type ThreadEvent } from './snapshot.js';

/** Options of {@link startObserver}. */
export interface ObserverOptions {
  /** Path of the pin: taken if it is there, else made. By default `SCHEDHINT_MAP`, else `/sys/fs/bpf/schedhint`. */
  readonly map?: string;
  /**
   * Permissions of a pin that it makes; by default 0600, or 0660 with `group`. 0o666 lets every user of the machine set the
   * hints of any thread, others' too.
   */
  readonly mode?: number;
  /** The number of the group that a pin which it makes belongs to: its members may bind. */
  readonly group?: number;
  /**
   * Take over a pin that every user may write, or that another user owns. Asked only with `feedback`: without, it acts on
   * no hint. By default `ERR_SCHEDHINT_OBSERVER_MAP`.
   */
  readonly trustPin?: boolean;
  /** This process only, by its pid in the initial pid namespace. */
  readonly pid?: number;
  /** Milliseconds between two snapshots, 0..3600000; 0, the default: only when asked. */
  readonly intervalMs?: number;
  /** Microseconds between two looks at a thread that runs, 20..200; by default 100. */
  readonly periodUs?: number;
  /** Emit each event of `pid`, too. By default not. */
  readonly events?: boolean;
  /**
   * Tell the threads what they got, as a scheduler would. By default not: two readers that do publish
   * into the same fields.
   */
  readonly feedback?: boolean;
}

/** A running observer. Emits `snapshot`, and with {@link ObserverOptions.events} `event`; `end` once. */
export interface Observer
  extends EventEmitter<{
    snapshot: [Snapshot];
    event: [ThreadEvent];
    /** It has ended: unexpectedly, with an error, or because it was stopped. */
    end: [ObserverError | null];
  }> {
  readonly ready: Ready;
  /** The program's own pid. */
  readonly pid: number;
  /** What it knows now. @throws ObserverError `ERR_SCHEDHINT_OBSERVER_ENDED`, or why it has ended */
  snapshot(): Promise<Snapshot>;
  /**
   * Snapshots from now on, until it is stopped.
   *
   * @throws ObserverError if it ends otherwise
   */
  [Symbol.asyncIterator](): AsyncIterator<Snapshot>;
  /**
   * Ends it. Its programs are detached before its last look. Again: the same.
   *
   * @returns its last snapshot
   * @throws ObserverError if it had ended otherwise
   */
  stop(): Promise<Snapshot>;
}

const STOPPED = 'the observer was stopped';

class Running
  extends EventEmitter<{ snapshot: [Snapshot]; event: [ThreadEvent]; end: [ObserverError | null] }>
  implements Observer
{
  #ready!: Ready;
  #tellReady!: () => void;
  readonly #isReady = new Promise<null>((resolve) => (this.#tellReady = () => resolve(null)));
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #asked: { resolve(snapshot: Snapshot): void; reject(error: Error): void }[] = [];
  readonly #over: Promise<ObserverError | null>;
  #final: Snapshot | null = null;
  #isStopping = false;
  #isOver = false;
  #said = '';

  constructor(program: string, args: readonly string[]) {
    super();
    this.#child = spawn(program, args, { stdio: 'pipe' });
    this.#child.stderr.setEncoding('utf8').on('data', (text: string) => (this.#said += text));
    this.#child.stdin.on('error', () => {}); // it has ended: see `end`
    const lines = createInterface({ input: this.#child.stdout });
    lines.on('line', (line) => this.#read(line));
    const spawned = new Promise<void>((resolve) => {
      this.#child.on('error', (error) => {
        this.#said += `${error.message}\n`;
        resolve();
      });
      Promise.all([once(this.#child, 'close'), once(lines, 'close')]).then(
        () => resolve(),
        () => resolve(),
      );
    });
    this.#over = spawned.then(() => this.#end());
  }

  get ready(): Ready {
    return this.#ready;
  }

  get pid(): number {
    return this.#child.pid!;
  }

  /** Until its first line. */
  async start(): Promise<this> {
    const ended = await Promise.race([this.#isReady, this.#over]);
    if (ended !== null) throw ended;
    return this;
  }

  snapshot(): Promise<Snapshot> {
    return new Promise((resolve, reject) => {
      if (this.#isOver || this.#isStopping) {
        reject(errorOf(null, null, this.#said || STOPPED));
        return;
      }
      this.#asked.push({ resolve, reject });
      this.#child.stdin.write('snapshot\n');
    });
  }

  async stop(): Promise<Snapshot> {
    this.#isStopping = true;
    this.#child.stdin.end();
    const error = await this.#over;
    if (error !== null) throw error;
    return this.#final!;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Snapshot> {
    const queue: Snapshot[] = [];
    let wake = () => {};
    const take = (snapshot: Snapshot) => {
      queue.push(snapshot);
      wake();
    };
    let isOver = false;
    this.on('snapshot', take);
    this.#over.then(() => {
      isOver = true;
      wake();
    });
    try {
      for (;;) {
        const next = queue.shift();
        if (next !== undefined) yield next;
        else if (isOver) break;
        else await new Promise<void>((resolve) => (wake = resolve));
      }
    } finally {
      this.off('snapshot', take);
    }
    const error = await this.#over;
    if (error !== null) throw error;
  }

  #read(line: string): void {
    const message = parseMessage(line);
    switch (message.type) {
      case 'ready':
        this.#ready = message;
        this.#tellReady();
        break;
      case 'event':
        this.emit('event', message);
        break;
      case 'snapshot':
        if (message.final) this.#final = message;
        else this.#asked.shift()?.resolve(message);
        this.emit('snapshot', message);
    }
  }

  #end(): ObserverError | null {
    this.#isOver = true;
    const { exitCode, signalCode } = this.#child;
    const good = exitCode === 0 && this.#final !== null;
    const error = good ? null : errorOf(exitCode, signalCode, this.#said);
    for (const { reject } of this.#asked.splice(0)) {
      reject(error ?? errorOf(null, null, STOPPED));
    }
    this.emit('end', error);
    return error;
  }
}

/**
 * Starts the observer, and with it BPF programs on each context switch and a clock on each CPU.
 *
 * @throws ObserverError with a stable `code` where it cannot run
 */
export async function startObserver(options: ObserverOptions = {}): Promise<Observer> {
  const { map, mode, group, pid, intervalMs = 0, periodUs, events = false } = options;
  const { feedback = false, trustPin = false } = options;
  const pin = map ?? process.env.SCHEDHINT_MAP;
  const args = [
    ...(pin ? ['--pin', pin] : []),
    ...(mode === undefined ? [] : ['--mode', mode.toString(8)]),
    ...(group === undefined ? [] : ['--group', String(group)]),
    ...(trustPin ? ['--trust-pin'] : []),
    ...(pid === undefined ? [] : ['--pid', String(pid)]),
    ...(periodUs === undefined ? [] : ['--period', String(periodUs)]),
    ...(events ? ['--events'] : []),
    ...(feedback ? [] : ['--no-feedback']),
    ...['--interval', String(intervalMs)],
  ];
  return new Running(findProgram(), args).start();
}
