// Serves procedures of tRPC, by its standalone adapter.

import { initTRPC } from '@trpc/server';
import { createHTTPServer } from '@trpc/server/adapters/standalone';
import { trackRequests } from 'schedhint';

const t = initTRPC.context().create();
const router = t.router({
  fast: t.procedure.query(() => 'fast'),
  checkout: t.procedure.query(() => hold()),
  vip: t.procedure.query(({ ctx }) => {
    trackRequests().of(ctx.req)?.set({ urgency: 'critical' });
    return hold();
  }),
});
const server = createHTTPServer({ router, createContext: ({ req }) => ({ req }) });
server.listen(0, '127.0.0.1', () => serving(server));
