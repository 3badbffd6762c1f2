// http() without a server: Node.js's channels announce the requests of all servers of the thread, and each counts once, also with a
// server, a framework's plugin and the compatibility API of HTTP/2 that know of it too.

import { deepStrictEqual, strictEqual } from 'node:assert';
import { once } from 'node:events';
import { createServer, get } from 'node:http';
import { connect, createServer as createHttp2Server } from 'node:http2';
import { text } from 'node:stream/consumers';
import Fastify from 'fastify';
import { attachThread, trackRequests } from 'schedhint';
import { fastifyRequests } from 'schedhint/fastify';

/** Node.js 20 does not announce streams of HTTP/2. */
const announcesHttp2 = !process.version.startsWith('v20.');

const thread = attachThread({ map: '/nonexistent/schedhint' });
const tracker = trackRequests({ thread });
const described = [];
tracker.http({
  describe: ({ protocol, method, path }) => {
    described.push(`${protocol} ${method} ${path}`);
    return { urgency: 700 };
  },
});

/** What is in flight, by a handler; the answer to its client. */
const seen = () => JSON.stringify([tracker.inFlight, thread.hints.urgency]);

async function listen(server) {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server.address().port;
}

async function ask(port, path = '/now?x=1') {
  const headers = { connection: 'close' };
  const [response] = await once(get({ port, host: '127.0.0.1', path, headers }), 'response');
  return text(response);
}

async function askHttp2(port, path = '/now?x=1') {
  const client = connect(`http://127.0.0.1:${port}`);
  client.on('stream', (pushed) => pushed.resume());
  const answer = await text(client.request({ ':path': path }));
  client.close();
  await once(client, 'close');
  return answer;
}

/** What describe() has had since the last call, once nothing is in flight. */
async function untilIdle() {
  while (tracker.inFlight > 0) await new Promise((resolve) => setImmediate(resolve));
  strictEqual(thread.hints.urgency, 0);
  return described.splice(0);
}

const server = createServer((request, response) => {
  strictEqual(tracker.of(request), tracker.of(response));
  response.end(seen());
});
strictEqual(await ask(await listen(server)), '[1,700]');
deepStrictEqual(await untilIdle(), ['http GET /now']);

const streams = createHttp2Server();
streams.on('stream', (stream) => {
  strictEqual(tracker.of(stream) !== undefined, announcesHttp2);
  // What a server pushes is no request.
  stream.pushStream({ ':path': '/pushed' }, (_, pushed) => {
    pushed.respond();
    pushed.end();
    stream.respond();
    stream.end(seen());
  });
});
strictEqual(await askHttp2(await listen(streams)), announcesHttp2 ? '[1,700]' : '[0,0]');
deepStrictEqual(await untilIdle(), announcesHttp2 ? ['http2 GET /now'] : []);

// The server is tracked too: an urgency for its requests alone.
const compat = createHttp2Server((request, response) => {
  const found = [request, response, request.stream].map((message) => tracker.of(message));
  strictEqual(found[0] !== undefined && new Set(found).size === 1, true);
  response.end(seen());
});
tracker.http({ server: compat, describe: () => ({ urgency: 900 }) });
strictEqual(await askHttp2(await listen(compat)), '[1,900]');
deepStrictEqual(await untilIdle(), announcesHttp2 ? ['http2 GET /now'] : []);

for (const http2 of [false, true]) {
  const fastify = Fastify({ http2 });
  fastify.register(fastifyRequests, { tracker });
  const config = { schedhint: { urgency: 800 } };
  fastify.get('/users/:id', { config }, async ({ raw }) => `${tracker.of(raw).route} ${seen()}`);
  await fastify.listen({ port: 0, host: '127.0.0.1' });
  const [{ port }] = fastify.addresses();
  strictEqual(await (http2 ? askHttp2 : ask)(port, '/users/5'), '/users/:id [1,800]');
  await untilIdle();
  await fastify.close();
}

tracker.stop();
const { port } = server.address();
strictEqual(await ask(port), '[0,0]');
for (const one of [server, streams, compat]) one.close();
