// Serves by Hono, on @hono/node-server.

import { serve } from '@hono/node-server';
import { Hono } from 'hono';
import { trackRequests } from 'schedhint';

const app = new Hono();
app.get('/fast', (context) => context.text('fast'));
app.get('/checkout/:id', async (context) => context.text(await hold()));
app.get('/vip', async (context) => {
  trackRequests().of(context.env.incoming)?.set({ urgency: 'critical' });
  return context.text(await hold());
});
app.onError((_, context) => context.text('', 500));
const server = serve({ fetch: app.fetch, port: 0, hostname: '127.0.0.1' }, () => serving(server));
