// Runs the endpoint in a worker thread, and shows it through shared memory when the calling thread's event loop turns and when its
// collector runs.

import { Worker } from 'node:worker_threads';
import { type Addon, loadAddon } from '@schedhint/native';
import type { HealthAddress, HealthServer } from './health.js';
import { RESPONDER_SOURCE } from './responder-source.js';

/** What it is made of; its values have been checked. */
export interface ResponderOptions {
  readonly port: number;
  readonly host: string | undefined;
  readonly path: string;
  readonly maxLoopAgeMs: number;
}

/** Words of the shared memory. The first two are the addon's: sharePauses(). */
const WORD = {
  /** ns of all pauses that have ended. */
  pausesNs: 0,
  /** When the pause in progress began; 0: no pause. */
  pauseSinceNs: 1,
  /** When the loop has turned. */
  turnNs: 2,
  /** What `pausesNs` was then. */
  pausesAtTurnNs: 3,
} as const;
const WORDS = 4;

const MAX_BEAT_MS = 500;
/** By which the packages know this worker: it does not count among the app's workers that no preload has reached. */
const OWN_WORKER = Symbol.for('schedhint.ownWorker');

// Taken at load: test frameworks replace timers and clocks with fake ones.
const { setInterval, clearInterval } = globalThis;
const { bigint: now } = process.hrtime;

/** Why it is not served; `code` is the errno's name, or Node.js's. */
interface Failure {
  readonly code?: string;
  readonly message: string;
}

const ADVICE: Readonly<Record<string, string>> = {
  EADDRINUSE: 'give it a port that no other process uses',
  EACCES: 'give it a port of 1024 or more',
  EADDRNOTAVAIL: 'give it an address of this machine',
  ENOTFOUND: 'give it an address of this machine',
  ERR_ACCESS_DENIED: 'allow it a worker thread (--allow-worker)',
};

type Started = { readonly address: HealthAddress } | { readonly error: Failure };

/** Of the calling thread. */
export class Responder implements HealthServer {
  readonly #words = new BigInt64Array(new SharedArrayBuffer(8 * WORDS));
  readonly #address: Promise<HealthAddress>;
  #settle!: { resolve(address: HealthAddress): void; reject(error: Error): void };
  readonly #place: string;
  readonly #timer: NodeJS.Timeout;
  readonly #addon: Addon | null;
  #worker: Worker | null = null;
  #isListening = false;

  constructor({ port, host, path, maxLoopAgeMs }: ResponderOptions) {
    this.#place = `${host ?? '*'}:${port}`;
    this.#address = new Promise((resolve, reject) => {
      this.#settle = { resolve, reject };
    });
    // An app need not wait for it.
    this.#address.catch(() => {});
    this.#addon = addonWithPauses(this.#words);
    this.#turn();
    this.#timer = setInterval(() => this.#turn(), Math.min(MAX_BEAT_MS, maxLoopAgeMs / 10));
    this.#timer.unref();
    try {
      this.#worker = new Worker(RESPONDER_SOURCE, {
        eval: true,
        name: 'schedhint health',
        // None of the application's preloads, and not ours.
        env: { SCHEDHINT: 'off' },
        execArgv: [],
        workerData: {
          ...{ port, host, path, word: WORD, words: this.#words },
          maxLoopAgeNs: BigInt(Math.round(maxLoopAgeMs * 1e6)),
          knowsPauses: this.#addon !== null,
        },
      });
    } catch (error) {
      // The permission model forbids workers.
      this.#fail(error as Failure);
      return;
    }
    Object.assign(this.#worker, { [OWN_WORKER]: true });
    this.#worker.unref();
    this.#worker.on('error', (error) => this.#fail(error));
    this.#worker.once('message', (started: Started) => {
      if ('error' in started) return this.#fail(started.error);
      this.#isListening = true;
      this.#worker?.unref();
      this.#settle.resolve(started.address);
    });
  }

  get address(): Promise<HealthAddress> {
    if (!this.#isListening) this.#worker?.ref();
    return this.#address;
  }

  stop(): void {
    this.#end({ message: 'it was stopped before it listened' });
  }

  [Symbol.dispose](): void {
    this.stop();
  }

  #turn(): void {
    // In this order: a pause in between counts twice, and makes the loop's age smaller. The next turn corrects it.
    const pausesNs = Atomics.load(this.#words, WORD.pausesNs);
    Atomics.store(this.#words, WORD.turnNs, now());
    Atomics.store(this.#words, WORD.pausesAtTurnNs, pausesNs);
  }

  #fail(error: Failure): void {
    const failure = this.#end(error);
    process.emitWarning(failure.message, { code: failure.code });
  }

  #end({ code = '', message }: Failure): Error & { readonly code: string } {
    clearInterval(this.#timer);
    this.#addon?.unsharePauses(this.#words);
    const worker = this.#worker;
    this.#worker = null;
    void worker?.terminate();
    const advice = ADVICE[code] === undefined ? '' : `; ${ADVICE[code]}`;
    const text = `the health endpoint at ${this.#place} does not answer probes: ${message}${advice}`;
    const error = Object.assign(new Error(text), { code: 'ERR_SCHEDHINT_HEALTH' });
    this.#settle.reject(error);
    return error;
  }
}

/** The addon, if it now writes this thread's pauses to these words. */
function addonWithPauses(words: BigInt64Array): Addon | null {
  // Bun has V8's functions, and never calls what is given to them.
  if (process.versions.bun !== undefined) return null;
  const loaded = loadAddon();
  return 'addon' in loaded && loaded.addon.sharePauses(words) ? loaded.addon : null;
}
