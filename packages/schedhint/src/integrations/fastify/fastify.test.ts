import { setImmediate as turn } from 'node:timers/promises';
import { attachThread } from '@schedhint/core';
import Fastify from 'fastify';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Requests, trackRequests } from '../requests/index.js';
import { fastifyRequests } from './index.js';

let requests: Requests;
const { hints } = attachThread({ map: '/nonexistent/schedhint' });
const told = () => [requests.inFlight, hints.urgency];

beforeEach(() => {
  requests = trackRequests(hints);
});
afterEach(() => requests.stop());

test('a request of inject() ends with its response', async () => {
  const fastify = Fastify();
  fastify.register(fastifyRequests, { requests });
  fastify.get('/', { config: { schedhint: { urgency: 900 } } }, async () => told());
  const response = await fastify.inject('/');
  expect(response.json()).toEqual([1, 900]);
  await turn();
  expect(told()).toEqual([0, 0]);
});

test.each([Number.NaN, Number.POSITIVE_INFINITY, '20'])(
  'deadlineMs %o is a warning',
  async (ms) => {
    const warnings: Error[] = [];
    const onWarning = (warning: Error) => warnings.push(warning);
    process.on('warning', onWarning);
    const fastify = Fastify();
    fastify.register(fastifyRequests, { requests });
    const config = { schedhint: { deadlineMs: ms as number } };
    fastify.get('/', { config }, async () => requests.inFlight);
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
