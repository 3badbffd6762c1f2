// A Fastify server whose routes say how urgent their requests are and when they are due.

import Fastify from 'fastify';
import { attachThread } from 'schedhint';
import { fastifyRequests } from 'schedhint/fastify';

/** When an answer of the checkout is due, in milliseconds. */
const DUE_MS = Number(process.env.DUE_MS ?? 50);

const fastify = Fastify();
await fastify.register(fastifyRequests);

const answer = async ({ method, url, body }) =>
  `${method} ${url}: ${JSON.stringify(body).length} bytes\n`;

const checkout = { config: { schedhint: { urgency: 'critical', deadlineMs: DUE_MS } } };
fastify.post('/checkout', checkout, answer);
fastify.post('/report', { config: { schedhint: { urgency: 'low' } } }, answer);
fastify.post('/events', { config: { schedhint: null } }, answer); // stays out of it

await fastify.listen({ port: Number(process.env.PORT ?? 3000), host: '127.0.0.1' });
const [{ port }] = fastify.addresses();
console.log(JSON.stringify({ port, state: attachThread().status.state }));

process.on('SIGTERM', () => fastify.close());
