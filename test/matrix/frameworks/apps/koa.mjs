// Serves by Koa.

import Koa from 'koa';
import { trackRequests } from 'schedhint';

const app = new Koa();
app.use(async (context) => {
  if (context.path === '/vip') trackRequests().of(context.req)?.set({ urgency: 'critical' });
  context.body = context.path === '/fast' ? 'fast' : await hold();
});
app.silent = true;
const server = app.listen(0, '127.0.0.1', () => serving(server));
