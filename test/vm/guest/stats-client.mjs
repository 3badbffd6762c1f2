// A client of scx_stats: it asks the scheduler that runs for its statistics, one line each way.

import assert from 'node:assert/strict';
import { createConnection } from 'node:net';
import { createInterface } from 'node:readline';

export const STATS = '/var/run/scx/root/stats';

export class StatsClient {
  #socket = createConnection(STATS);
  #lines = createInterface({ input: this.#socket })[Symbol.asyncIterator]();

  /** @returns {Promise<any>} its answer, which it makes after this call */
  async ask(req, args = {}) {
    this.#socket.write(`${JSON.stringify({ req, args })}\n`);
    const { errno, args: answer } = JSON.parse((await this.#lines.next()).value);
    assert.equal(errno, 0);
    return answer.resp;
  }

  end() {
    this.#socket.destroy();
  }
}
