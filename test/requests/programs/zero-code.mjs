// Run with --require schedhint/register and SCHEDHINT_CONFIG=zero-code.json: the app's own tracker is the one that the preload has
// begun, in whatever copy of the package.

import { deepStrictEqual, strictEqual } from 'node:assert';
import { once } from 'node:events';
import { createServer, get } from 'node:http';
import { text } from 'node:stream/consumers';
import Fastify from 'fastify';
import { attachThread, trackRequests } from 'schedhint';
import { fastifyRequests } from 'schedhint/fastify';
// What a bundle of the app would have in it.
import { trackRequests as ofBundle } from '../../../packages/schedhint/dist/esm/index.js';

const { hints } = attachThread();
const tracker = trackRequests();
strictEqual(ofBundle(), tracker);
const seen = () => [tracker.inFlight, hints.urgency];

async function ask(port, path, headers = {}) {
  const options = { port, host: '127.0.0.1', path, headers: { connection: 'close', ...headers } };
  const [response] = await once(get(options), 'response');
  return JSON.parse(await text(response));
}

async function untilIdle() {
  while (tracker.inFlight > 0) await new Promise((resolve) => setImmediate(resolve));
  deepStrictEqual([hints.urgency, hints.deadlineNs], [0, 0n]);
}

const server = createServer((request, response) => {
  const before = seen();
  const { route } = tracker.of(request) ?? {};
  strictEqual(tracker.of(response), tracker.of(request));
  const leftMs = hints.deadlineMs;
  tracker.of(request)?.set({ urgency: 'critical', deadlineMs: null });
  response.end(JSON.stringify([...before, route ?? null, leftMs, ...seen()]));
});
server.listen(0, '127.0.0.1');
await once(server, 'listening');
const { port } = server.address();

const isAbout = (ms, expected) => ms > 0 && ms <= expected && ms > expected / 2;
{
  const [inFlight, urgency, route, leftMs, ...after] = await ask(port, '/checkout/5?card=1');
  deepStrictEqual([inFlight, urgency, route, ...after], [1, 768, '/checkout/*', 1, 1024]);
  strictEqual(isAbout(leftMs, 600_000), true, `${leftMs}`);
  await untilIdle();
}
{
  const sent = { 'request-timeout': '30', priority: 'u=0', 'grpc-timeout': 'nonsense' };
  const [inFlight, urgency, route, leftMs] = await ask(port, '/checkout/5', sent);
  deepStrictEqual([inFlight, urgency, route], [1, 768, '/checkout/*']);
  strictEqual(isAbout(leftMs, 30_000), true, `${leftMs}`);
  await untilIdle();
}
// No route; the default, and the client's header before it.
deepStrictEqual((await ask(port, '/other')).slice(0, 4), [1, 256, null, null]);
deepStrictEqual((await ask(port, '/other', { priority: 'u=0' })).slice(0, 2), [1, 768]);
// Not tracked: of() has nothing, and nothing changes.
deepStrictEqual(await ask(port, '/turn'), [0, 0, null, null, 0, 0]);
await untilIdle();

// The plugin adds to the same request, and knows the framework's route.
const fastify = Fastify();
fastify.register(fastifyRequests);
const config = { schedhint: { urgency: 900 } };
fastify.get('/checkout/:id', { config }, async ({ raw }) => [...seen(), tracker.of(raw).route]);
await fastify.listen({ port: 0, host: '127.0.0.1' });
deepStrictEqual(await ask(fastify.server.address().port, '/checkout/5'), [1, 900, '/checkout/:id']);
await untilIdle();
await fastify.close();

// What the app begins itself is in the same tracker.
const request = ofBundle().begin({ urgency: 700 });
deepStrictEqual(seen(), [1, 700]);
request.end();

// The app has the last word.
tracker.stop();
deepStrictEqual((await ask(port, '/checkout/5')).slice(0, 2), [0, 0]);
server.close();
