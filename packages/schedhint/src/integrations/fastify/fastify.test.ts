import { setImmediate as turn } from 'node:timers/promises';
import { attachThread } from '@schedhint/core/thread';
import Fastify from 'fastify';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type RequestTracker, trackRequests } from '../../requests/index.js';
import { type FastifyRequestsOptions, fastifyRequests } from './index.js';

let tracker: RequestTracker;
const thread = attachThread({ map: '/nonexistent/schedhint' });
const published = () => [tracker.inFlight, thread.hints.urgency];

beforeEach(() => {
  tracker = trackRequests({ thread });
});
afterEach(() => tracker.stop());

test('a request of inject() ends with its response', async () => {
  const fastify = Fastify();
  fastify.register(fastifyRequests, { tracker });
  fastify.get('/', { config: { schedhint: { urgency: 900 } } }, async () => published());
  const response = await fastify.inject('/');
  expect(response.json()).toEqual([1, 900]);
  await turn();
  expect(published()).toEqual([0, 0]);
});

test.each([Number.NaN, Number.POSITIVE_INFINITY, '20'])(
  'deadlineMs %o is a warning',
  async (ms) => {
    const warnings: Error[] = [];
    const onWarning = (warning: Error) => warnings.push(warning);
    process.on('warning', onWarning);
    const fastify = Fastify();
    fastify.register(fastifyRequests, { tracker });
    const config = { schedhint: { deadlineMs: ms as number } };
    fastify.get('/', { config }, async () => tracker.inFlight);
    expect((await fastify.inject('/')).json()).toBe(1);
    await turn();
    process.off('warning', onWarning);
    expect(warnings).toEqual([
      expect.objectContaining({
        code: 'SCHEDHINT_REQUEST',
        message: expect.stringContaining('deadlineMs: expected a finite number of milliseconds'),
      }),
    ]);
  },
);

test('without a tracker it is one that all servers of the thread share', async () => {
  const seen: number[] = [];
  const { hints } = attachThread();
  for (let i = 0; i < 2; i++) {
    const fastify = Fastify();
    fastify.register(fastifyRequests);
    fastify.get('/', { config: { schedhint: { urgency: 800 + i } } }, async () => {
      seen.push(hints.urgency);
      if (i === 1) return;
      // The other server's request comes while this one is in flight.
      await inner.inject('/');
      seen.push(hints.urgency);
    });
    if (i === 0) outer = fastify;
    else inner = fastify;
  }
  await outer.inject('/');
  expect(seen).toEqual([800, 801, 800]);
  await turn();
  expect(hints.urgency).toBe(0);
});

let outer: ReturnType<typeof Fastify>;
let inner: ReturnType<typeof Fastify>;

test.each([
  [{ requests: 5 }, 'unknown name "requests"'],
  [{ trakcer: 5 }, 'did you mean tracker?'],
  [{ tracker: {} }, 'tracker: expected what trackRequests() returns'],
  [{ tracker: null }, 'tracker: expected what trackRequests() returns'],
])('%o is refused when the server starts', async (options, message) => {
  const fastify = Fastify();
  fastify.register(fastifyRequests, options as FastifyRequestsOptions);
  const ready = (async () => fastify.ready())();
  await expect(ready).rejects.toThrow(message);
  await expect(ready).rejects.toMatchObject({ code: 'ERR_SCHEDHINT_OPTION' });
});

test("Fastify's own options of register() are not the plugin's", async () => {
  const fastify = Fastify();
  fastify.register(fastifyRequests, { tracker, prefix: '/v1', logLevel: 'warn' });
  await fastify.ready();
});

/** Starts a server with a route for users, and asks it over a connection. */
async function askUser(options: FastifyRequestsOptions, config: object) {
  const fastify = Fastify();
  fastify.register(fastifyRequests, { tracker, ...options });
  fastify.get('/users/:id', { config }, async ({ raw }) => [
    ...published(),
    tracker.of(raw)?.route ?? null,
  ]);
  const url = await fastify.listen({ port: 0, host: '127.0.0.1' });
  const headers = { connection: 'close' };
  const answer = await (await fetch(`${url}/users/5`, { headers })).json();
  await fastify.close();
  return answer;
}

test('a request that http() has begun counts once, with its route and the hints of it', async () => {
  const hints = { schedhint: { urgency: 900 } };
  expect(await askUser({}, hints)).toEqual([1, 900, '/users/:id']);
  const tracking = tracker.http({ describe: () => ({ urgency: 100 }) });
  expect(await askUser({}, hints)).toEqual([1, 900, '/users/:id']);
  expect(await askUser({}, {})).toEqual([1, 100, '/users/:id']);
  expect(await askUser({}, { schedhint: null })).toEqual([0, 0, '/users/:id']);
  tracking.stop();
  tracker.http({ describe: () => null });
  expect(await askUser({}, hints)).toEqual([0, 0, null]);
  while (tracker.inFlight > 0) await turn();
});
