// Serves by Express.

import express from 'express';
import { trackRequests } from 'schedhint';

const app = express();
app.get('/fast', (_, response) => response.send('fast'));
app.get('/checkout/:id', async (_, response) => response.send(await hold()));
app.get('/vip', async (request, response) => {
  trackRequests().of(request)?.set({ urgency: 'critical' });
  response.send(await hold());
});
app.use((_error, _request, response, _next) => response.status(500).end());
const server = app.listen(0, '127.0.0.1', () => serving(server));
