// schedhint-broker, in a separate process: it opens the map for an app that may not.

import { chmodSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Child } from './child.mjs';

const PROGRAM = fileURLToPath(new URL('../../broker/build/schedhint-broker', import.meta.url));

export class Broker {
  child;
  /** Where the app finds it. */
  socket;
  /** Resolves to whether it serves. @type {Promise<boolean>} */
  ready;
  #directory;

  /** @param {string} pin of the map, which is there */
  constructor(pin) {
    if (!existsSync(PROGRAM)) throw new Error('the broker has not been built: run npm run build');
    this.#directory = mkdtempSync(join(tmpdir(), 'schedhint-demo-'));
    chmodSync(this.#directory, 0o755); // the app is another user's
    this.socket = join(this.#directory, 'broker.sock');
    // It watches no pipe to the demo, so the kernel ends it with us.
    const args = ['--pdeathsig', 'TERM', PROGRAM, '--map', pin, '--socket', this.socket];
    this.child = new Child('the broker', 'setpriv', args, { stdio: ['ignore', 2, 'pipe'] });
    this.ready = Promise.race([
      new Promise((resolve) => {
        this.child.process.stderr.on('data', () => {
          if (this.child.complaint.includes('event=ready')) resolve(true);
        });
      }),
      this.child.ended.then(() => false),
    ]);
  }

  async finish() {
    await this.child.stop();
    rmSync(this.#directory, { recursive: true, force: true });
  }
}
