// An HTTP server whose requests say how urgent they are and when they are due. The thread's hint is
// the highest urgency and the earliest deadline of those in flight.

import { once } from 'node:events';
import { createServer } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { attachThread, trackRequests } from 'schedhint';

/** When an answer of the checkout is due, in milliseconds. */
const DUE_MS = Number(process.env.DUE_MS ?? 50);

/** What the paths want; every path begins with the last one. */
const ROUTES = [
  ['/checkout', { urgency: 'critical', deadlineMs: DUE_MS }],
  ['/report', { urgency: 'low' }],
  ['/', {}],
];

/** A client that says itself how long it will wait: `x-timeout-ms: 20`. */
function describe({ path, headers }) {
  const [, { urgency, deadlineMs }] = ROUTES.find(([prefix]) => path.startsWith(prefix));
  const wait = headers['x-timeout-ms'];
  return { urgency, deadlineMs: wait ? Number(wait) : deadlineMs };
}

const thread = attachThread();
// Of all servers of this thread; `{ server, describe }` would be one's.
trackRequests({ thread }).http({ describe });

const server = createServer(async (request, response) => {
  try {
    const body = await buffer(request);
    response.end(`${request.method} ${request.url}: ${body.length} bytes\n`);
  } catch {
    response.destroy(); // the client has hung up
  }
});

server.listen(Number(process.env.PORT ?? 3000), '127.0.0.1');
await once(server, 'listening');
console.log(JSON.stringify({ port: server.address().port, state: thread.status.state }));

process.on('SIGTERM', () => server.close());
