// Serves by Fastify, with the plugin for a route's hints.

import Fastify from 'fastify';
import { trackRequests } from 'schedhint';
import { fastifyRequests } from 'schedhint/fastify';

const app = Fastify();
app.register(fastifyRequests);
app.get('/fast', async () => 'fast');
app.get('/checkout/:id', () => hold());
app.get('/vip', (request) => {
  trackRequests().of(request.raw)?.set({ urgency: 'critical' });
  return hold();
});
app.get('/route', { config: { schedhint: { urgency: 'critical' } } }, () => hold());
await app.listen({ port: 0, host: '127.0.0.1' });
serving(app.server);
