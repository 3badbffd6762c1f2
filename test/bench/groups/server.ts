// Measures what tracking by the channels of Node.js adds to a server's CPU time for each request, with a rule that gives each an urgency
// and a deadline. The sockets are in the process: nothing of the network is in the numbers.

import { createServer, type Server } from 'node:http';
import { Duplex } from 'node:stream';
import fastify from 'fastify';
import { attachThread, type Hints, type Thread, trackRequests } from 'schedhint';
import { Rules } from '../../../packages/schedhint/src/config/rules.js';
import type { Effort } from '../effort.js';
import type { Group, Row } from '../row.js';
import { shuffle } from '../shuffle.js';
import { intervalOfMean, summarize } from '../statistics.js';

/** Requests of one sample, all on one connection. */
const REQUESTS = 5000;
const PAIRS = 60;
/** 'high' */
const URGENCY = 768;
const REQUEST = 'GET /orders/7 HTTP/1.1\r\nHost: bench\r\n\r\n';

const { describe } = new Rules({
  routes: [{ path: '/orders/*', urgency: 'high', deadlineMs: 50 }],
});

/** The client's and the network's part of a connection: it sends the next request when the last one is answered. */
class Connection extends Duplex {
  #left: number;

  constructor(requests: number) {
    super();
    this.#left = requests;
  }

  override _read(): void {}

  override _write(_chunk: unknown, _encoding: string, done: () => void): void {
    done();
  }

  next(): void {
    this.push(this.#left-- > 0 ? REQUEST : null);
  }
}

/** How many requests were handled with their urgency published. */
let urgent = 0;

/** Lets the connections of a server go on when a response is out, and looks at the hints meanwhile. */
function following(server: Server, hints: Hints): Server {
  server.prependListener('request', (request, response) => {
    if (hints.urgency === URGENCY) urgent++;
    response.once('finish', () => (request.socket as unknown as Connection).next());
  });
  return server;
}

/** The CPU time of a request, in microseconds. */
async function sample(server: Server, requests: number): Promise<number> {
  const connection = new Connection(requests);
  const closed = new Promise((resolve) => connection.once('close', resolve));
  const before = process.cpuUsage();
  server.emit('connection', connection);
  connection.next();
  await closed;
  const { user, system } = process.cpuUsage(before);
  return (user + system) / requests;
}

interface Costs {
  readonly off: number[];
  readonly on: number[];
}

/** Samples with the channels and without, in pairs, of which each begins with one or the other as chance has it. */
async function costs(server: Server, thread: Thread, { short }: Effort): Promise<Costs> {
  const requests = short ? 20 : REQUESTS;
  const tracker = trackRequests({ thread });
  const measured: Costs = { off: [], on: [] };
  const take = async (kind: keyof Costs): Promise<number> => {
    const tracking = kind === 'on' ? tracker.http({ describe }) : undefined;
    urgent = 0;
    const cost = await sample(server, requests);
    tracking?.stop();
    if (urgent !== (kind === 'on' ? requests : 0))
      throw new Error(`${kind}: ${urgent} were urgent`);
    return cost;
  };
  for (let pair = short ? 1 : -5; pair < (short ? 3 : PAIRS); pair++) {
    for (const kind of shuffle(['off', 'on'] as const)) {
      const cost = await take(kind);
      if (pair >= 0) measured[kind].push(cost); // before that V8 compiles it
    }
  }
  tracker.stop();
  return measured;
}

export const server: Group = {
  name: 'server',
  ids: ['request.http', 'request.zero-code', 'request.fastify', 'request.fastify-share'],
  async measure(bed, effort) {
    const thread = attachThread({ map: bed.pin('schedhint') });
    const { hints } = thread;
    const plain = createServer((_request, response) => response.end('ok'));
    const http = await costs(following(plain, hints), thread, effort);
    const app = fastify();
    app.get('/orders/:id', async () => ({ ok: true }));
    await app.ready();
    const framework = await costs(following(app.server, hints), thread, effort);
    await app.close();
    const added = ({ on, off }: Costs) => on.map((cost, pair) => cost - off[pair]!);
    const share = added(framework).map((cost, pair) => (100 * cost) / framework.off[pair]!);
    const rows: Row[] = [
      { id: 'request.http', unit: 'µs of CPU', ...summarize(http.off) },
      {
        id: 'request.zero-code',
        unit: 'µs of CPU (95 % interval)',
        ...intervalOfMean(added(http)),
      },
      { id: 'request.fastify', unit: 'µs of CPU', ...summarize(framework.off) },
      { id: 'request.fastify-share', unit: '% (95 % interval)', ...intervalOfMean(share) },
    ];
    return rows;
  },
};
