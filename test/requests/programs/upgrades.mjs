// A connection that is upgraded is not a request, and an event stream counts no longer than its
// lifetime. With ws, and with Fastify's plugin for it.

import { deepStrictEqual, strictEqual } from 'node:assert';
import { once } from 'node:events';
import { createServer, get } from 'node:http';
import websocket from '@fastify/websocket';
import Fastify from 'fastify';
import { attachThread, trackRequests } from 'schedhint';
import { fastifyRequests } from 'schedhint/fastify';
import { WebSocket, WebSocketServer } from 'ws';

const thread = attachThread({ map: '/nonexistent/schedhint' });
const { hints } = thread;
const inEffect = (tracker) => [tracker.inFlight, hints.urgency];
const describe = () => ({ urgency: 900 });

/** A message there and back, while nothing counts. */
async function talk(port, tracker) {
  const client = new WebSocket(`ws://127.0.0.1:${port}/socket`);
  await once(client, 'open');
  client.send('hello');
  const [answer] = await once(client, 'message');
  strictEqual(String(answer), 'hello');
  deepStrictEqual(inEffect(tracker), [0, 0]);
  client.close();
  await once(client, 'close');
  deepStrictEqual(inEffect(tracker), [0, 0]);
}

/** Reads the first event of a stream that does not end. */
async function openEvents(port) {
  const request = get({ port, host: '127.0.0.1', path: '/events', agent: false });
  request.on('error', () => {});
  const [response] = await once(request, 'response');
  await once(response, 'data');
  return request;
}

async function untilExpired(port, tracker) {
  const request = await openEvents(port);
  deepStrictEqual(inEffect(tracker), [1, 900]);
  while (tracker.inFlight > 0) await new Promise((resolve) => setImmediate(resolve));
  strictEqual(hints.urgency, 0);
  request.destroy();
}

for (const options of [(server) => ({ server, describe }), () => ({ describe })]) {
  const tracker = trackRequests({ thread, maxSeconds: 1 });
  const server = createServer((_, response) => response.write('data: 1\n\n'));
  tracker.http(options(server));
  new WebSocketServer({ server }).on('connection', (socket) => {
    socket.on('message', (message) => socket.send(message));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  await talk(server.address().port, tracker);
  await untilExpired(server.address().port, tracker);
  tracker.stop();
  server.close();
}

{
  const tracker = trackRequests({ thread, maxSeconds: 1 });
  const fastify = Fastify();
  await fastify.register(fastifyRequests, { tracker });
  await fastify.register(websocket);
  const config = { schedhint: { urgency: 900 } };
  fastify.get('/socket', { config, websocket: true }, (socket) => {
    socket.on('message', (message) => socket.send(message));
  });
  fastify.get('/events', { config }, (_, reply) => {
    reply.hijack();
    reply.raw.write('data: 1\n\n');
  });
  await fastify.listen({ port: 0, host: '127.0.0.1' });
  const [{ port }] = fastify.addresses();
  await talk(port, tracker);
  await untilExpired(port, tracker);
  tracker.stop();
  await fastify.close();
}
process.exit(0);
