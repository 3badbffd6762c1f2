// Looks where the main thread is during a stall: a worker thread waits for the main thread to be silent, and then stops it by the
// inspector for as long as it takes to read the stack.

import {
  isMainThread,
  MessageChannel,
  type MessagePort,
  receiveMessageOnPort,
  Worker,
} from 'node:worker_threads';

/** At most one look in so many ms: each stops the main thread. */
const LOOK_EVERY_MS = 10_000;
const FRAMES = 32;

// Taken at load: test frameworks replace timers with fake ones.
const { setInterval, clearInterval } = globalThis;

/** By which the packages know this worker: it does not count among the app's workers that no preload has reached. */
const OWN_WORKER = Symbol.for('schedhint.ownWorker');

interface Look {
  /** When it was, since the epoch. */
  readonly at: number;
  readonly stack: string;
}

/** Of the main thread, for one monitor. */
export class StackWatch {
  readonly #thresholdMs: number;
  readonly #beat = new Float64Array(new SharedArrayBuffer(8));
  #worker: Worker | null = null;
  #port: MessagePort | null = null;
  #timer: NodeJS.Timeout | null = null;
  #isStopped = false;
  #last: Look | undefined;

  private constructor(thresholdMs: number) {
    this.#thresholdMs = thresholdMs;
  }

  /** null: this is another thread, whose stack no inspector shows to a third one. */
  static ofMainThread(thresholdMs: number): StackWatch | null {
    return isMainThread ? new StackWatch(thresholdMs) : null;
  }

  /** The stack that was seen during a stall that has just ended. The first call starts the worker, for the next stalls. */
  take({ at, durationMs }: { readonly at: number; readonly durationMs: number }) {
    if (this.#port === null) {
      this.#start();
      return undefined;
    }
    for (
      let received = receiveMessageOnPort(this.#port);
      received !== undefined;
      received = receiveMessageOnPort(this.#port)
    ) {
      this.#last = received.message as Look;
    }
    const look = this.#last;
    return look !== undefined && look.at >= at && look.at <= at + durationMs + 1
      ? look.stack
      : undefined;
  }

  stop(): void {
    this.#isStopped = true;
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#port?.close();
    void this.#worker?.terminate();
  }

  #start(): void {
    if (this.#isStopped) return;
    const { port1, port2 } = new MessageChannel();
    this.#port = port1;
    port1.unref();
    const beatMs = Math.max(5, this.#thresholdMs / 4);
    const beat = () => {
      this.#beat[0] = Date.now();
    };
    beat();
    this.#timer = setInterval(beat, beatMs);
    this.#timer.unref();
    this.#worker = new Worker(LOOKER, {
      eval: true,
      // None of the application's preloads, and not ours.
      env: { SCHEDHINT: 'off' },
      execArgv: [],
      workerData: {
        ...{ beat: this.#beat, port: port2, beatMs, frames: FRAMES },
        silentMs: this.#thresholdMs / 2 + beatMs,
        lookEveryMs: LOOK_EVERY_MS,
      },
      transferList: [port2],
    });
    Object.assign(this.#worker, { [OWN_WORKER]: true });
    this.#worker.unref();
    this.#worker.on('error', () => this.stop());
  }
}

/** What the worker runs. Text, because a bundler would not find a separate file. */
const LOOKER = `'use strict';
const { Session } = require('node:inspector');
const { workerData } = require('node:worker_threads');
const { beat, port, beatMs, frames, silentMs, lookEveryMs } = workerData;
const session = new Session();
session.connectToMainThread();
let looked = 0;
// The url of a frame itself is empty since V8 11.
const urls = new Map();
session.on('Debugger.scriptParsed', ({ params }) => urls.set(params.scriptId, params.url));
session.on('Debugger.paused', ({ params }) => {
  const lines = params.callFrames.slice(0, frames).map(({ functionName, location }) =>
    'at ' + (functionName || '<anonymous>') + ' (' + urls.get(location.scriptId) + ':' + (location.lineNumber + 1) + ')');
  port.postMessage({ at: Date.now(), stack: lines.join('\\n') });
  session.post('Debugger.resume');
  session.post('Debugger.disable');
});
setInterval(() => {
  const now = Date.now();
  if (now - beat[0] < silentMs || now - looked < lookEveryMs) return;
  looked = now;
  session.post('Debugger.enable');
  session.post('Debugger.pause');
}, beatMs);
`;
