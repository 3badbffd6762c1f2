// The demo's end of the app.

import { EventEmitter } from 'node:events';
import { fileURLToPath } from 'node:url';
import { Calls } from './calls.mjs';
import { Child } from './child.mjs';

// The demo's own ear first, so that it misses nothing; for the hints the second is all it takes.
const PRELOADS = ['--require ./listen.cjs', '--require schedhint/register'];

/** Emits `numbers`, and `snapshot` when its own reader is at work. */
export class App extends EventEmitter {
  child;
  #calls;

  /**
   * @param {string} map path of the pinned map
   * @param {string} broker its socket; empty: none is asked
   * @param {readonly string[]} under the command that runs it
   */
  constructor(map, broker, under) {
    super();
    const options = {
      // From here NODE_OPTIONS finds the two.
      cwd: fileURLToPath(new URL('.', import.meta.url)),
      env: {
        ...process.env,
        NODE_OPTIONS: [process.env.NODE_OPTIONS, ...PRELOADS].join(' '),
        SCHEDHINT_MAP: map,
        SCHEDHINT_BROKER: broker,
      },
      // stdout is for the report.
      stdio: ['ignore', 2, 'pipe', 'ipc'],
    };
    const askToEnd = () => this.#calls.tell('end');
    const [command, ...args] = [...under, process.execPath, 'app.mjs'];
    this.child = new Child('the app', command, args, options, askToEnd);
    this.#calls = new Calls((message) => this.child.process.send(message, () => {}), {
      numbers: (numbers) => this.emit('numbers', numbers),
      snapshot: (snapshot) => this.emit('snapshot', snapshot),
    });
    this.child.process.on('message', (message) => this.#calls.receive(message));
    this.child.ended.then(() => this.#calls.close(new Error(this.child.accident)));
  }

  /** @returns {Promise<{ bound: true, by: 'self' | 'broker' } | { bound: false, reason: string }>} */
  status() {
    return this.#calls.ask('status');
  }

  /** @param {{ embedded: boolean }} how whether its own reader is to read along */
  start(how) {
    return this.#calls.ask('start', how);
  }

  /** All threads stop working and stay alive. */
  rest() {
    return this.#calls.ask('rest');
  }

  /** @returns {Promise<import('./observer.mjs').Snapshot | undefined>} */
  lastLook() {
    return this.#calls.ask('lastLook');
  }

  report() {
    return this.#calls.ask('report');
  }
}
