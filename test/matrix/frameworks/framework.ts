// framework.ts NAME: starts an app of a framework with nothing but the preload and a config file, holds its handlers under load, and has the
// kernel's reader look: the route's urgency while they work, and none after they have been answered, have failed, or were given up.

import assert from 'node:assert/strict';
import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { nodeBinaries } from '../../packaging/node-versions/node-binaries.js';
import { Workshop } from '../bundlers/workshop.js';
import { type KernelReader, runRow } from '../row.js';
import { type Client, GRPC, Http1Client, Http2Client, Load } from './clients.js';
import { ServedApp } from './served-app.js';

const [HIGH, CRITICAL] = [768, 1024];
/** Requests that are held at the same time. */
const WIDTH = 20;
/** Requests that a client sends on one connection, without waiting. */
const PIPELINED = 5;

interface Framework {
  /** The packages, of which package.json next to this file has the versions. */
  readonly packages: readonly string[];
  /** From the folder of the apps; by default NAME.mjs. */
  readonly program?: readonly string[];
  readonly protocol?: 'http1' | 'http2' | 'grpc';
  /** Paths whose handlers are held; the first is that of all tries, the others are tried once. */
  readonly held?: readonly string[];
  /** Handlers that make their request critical. */
  readonly critical?: readonly string[];
  readonly fast?: string;
  /** Next.js keeps its server to itself. */
  readonly upgrades?: false;
  readonly build?: (workshop: Workshop) => unknown;
}

const NEST = ['@nestjs/common', '@nestjs/core', 'reflect-metadata', 'rxjs'];
const FRAMEWORKS: Readonly<Record<string, Framework>> = {
  http: { packages: [] },
  'http2-compat': { packages: [], protocol: 'http2' },
  'http2-streams': { packages: [], protocol: 'http2' },
  express: { packages: ['express'] },
  koa: { packages: ['koa'] },
  fastify: { packages: ['fastify'], critical: ['/vip', '/route'] },
  hono: { packages: ['hono', '@hono/node-server'] },
  'nest-express': {
    packages: [...NEST, '@nestjs/platform-express'],
    program: ['nest.mjs', 'express'],
  },
  'nest-fastify': {
    packages: [...NEST, '@nestjs/platform-fastify'],
    program: ['nest.mjs', 'fastify'],
  },
  next: {
    packages: ['next', 'react', 'react-dom'],
    program: ['next.cjs'],
    held: ['/checkout/7', '/api/checkout'],
    critical: [],
    upgrades: false,
    build: (workshop) => workshop.run('next build', { NEXT_TELEMETRY_DISABLED: '1' }),
  },
  trpc: { packages: ['@trpc/server'], held: ['/checkout'] },
  grpc: {
    packages: ['@grpc/grpc-js'],
    protocol: 'grpc',
    held: ['/shop.Shop/Pay'],
    critical: [],
    fast: '/shop.Shop/Fast',
  },
};

const name = process.argv[2]!;
const {
  packages,
  program = [`${name}.mjs`],
  protocol = 'http1',
  held: [held = '/checkout/7', ...others] = [],
  critical = ['/vip'],
  fast = '/fast',
  upgrades = true,
  build,
} = FRAMEWORKS[name]!;

const OK = protocol === 'grpc' ? 0 : 200;
const FAILED = protocol === 'grpc' ? 2 : 500;

/** Node.js 20 announces no HTTP/2. */
const nodes = nodeBinaries().filter(
  ({ version }) => protocol !== 'http2' || !version.startsWith('v20.'),
);

/** Requests of a path, all held: the kernel sees this as long as they are. */
async function hold(app: ServedApp, client: Client, path: string, urgency: number, isDue = true) {
  const sent = Array.from({ length: WIDTH }, () => client.send(path));
  await app.holds(WIDTH);
  await app.isSeen(urgency, isDue);
  return sent;
}

async function tryEndings(app: ServedApp, client: Client): Promise<void> {
  for (const [how, status] of [
    ['answer', OK],
    ['fail', FAILED],
  ] as const) {
    const sent = await hold(app, client, held, HIGH!);
    const statuses = Promise.all(sent.map((one) => one.status()));
    statuses.catch(() => {}); // awaited below, unless something else fails before
    await app.release(how);
    assert.deepEqual(new Set(await statuses), new Set([status]));
    await app.isSeenOver();
  }
  // The handlers work on; it is the clients who have gone.
  const sent = await hold(app, client, held, HIGH!);
  for (const one of sent) one.drop();
  await app.isSeenOver();
  await app.release('answer');
}

/** What only HTTP/1 has. */
async function tryConnections(app: ServedApp, client: Http1Client): Promise<void> {
  for (const isDropped of [false, true]) {
    const socket = client.pipeline(held, PIPELINED);
    await app.holds(PIPELINED);
    await app.isSeen(HIGH!, true);
    if (isDropped) socket.destroy();
    else await app.release('answer');
    await app.isSeenOver();
    if (isDropped) await app.release('answer');
    socket.destroy();
  }
  if (!upgrades) return;
  const socket = await client.upgrade(held);
  await app.isSeenOver();
  socket.destroy();
}

/** What a handler or a route says itself. */
async function tryHandlers(app: ServedApp, client: Client): Promise<void> {
  for (const [path, urgency] of [
    ...others.map((path) => [path, HIGH!] as const),
    ...critical.map((path) => [path, CRITICAL!] as const),
  ]) {
    await hold(app, client, path, urgency, urgency === HIGH);
    await app.release('answer');
    await app.isSeenOver();
  }
}

function clientOf(port: number, ofGrpc: Readonly<Record<string, string>>): Client {
  if (protocol === 'http1') return new Http1Client(port);
  return new Http2Client(port, protocol === 'grpc' ? ofGrpc : {});
}

async function tryWith(node: string, folder: string, reader: KernelReader): Promise<number> {
  const app = await ServedApp.start(node, [...program], folder, reader);
  try {
    const client = clientOf(app.port, { ...GRPC, 'grpc-timeout': '10M' });
    const loading = clientOf(app.port, GRPC);
    const load = new Load(loading, fast);
    await tryEndings(app, client);
    if (client instanceof Http1Client) await tryConnections(app, client);
    await tryHandlers(app, client);
    await load.stop();
    loading.close();
    // The client's connection goes while its requests are held.
    await hold(app, client, held, HIGH!);
    client.close();
    await app.isSeen(0, false);
    return load.count;
  } finally {
    await app.end();
  }
}

await runRow(async (reader) => {
  const here = (file: string) => new URL(file, import.meta.url);
  const workshop = Workshop.create(packages, here(build ? 'next-app' : 'apps'), here('.'));
  try {
    for (const file of ['gate.cjs', 'config.json']) {
      cpSync(fileURLToPath(here(file)), join(workshop.path, file));
    }
    build?.(workshop);
    let count = 0;
    for (const { path } of nodes) count += await tryWith(path, workshop.path, reader);
    assert.ok(count > 100 * nodes.length, `${count} requests of the load`);
    const versions = [
      `Node.js ${nodes.map(({ version }) => version).join(', ')}`,
      ...(packages.length > 0 ? [workshop.versions] : []),
    ];
    return {
      versions: versions.join(', '),
      found: found(),
    };
  } finally {
    workshop.remove();
  }
});

function found(): string {
  const ends = ['answered', 'failed', 'aborted'];
  if (protocol === 'http1') ends.push('pipelined', ...(upgrades ? ['upgraded'] : []));
  const own = critical.length > 0 ? '; urgency 1024 where the handler says so' : '';
  return `under load, ${WIDTH} requests held: urgency 768 and a deadline all the while, 0 after them: ${ends.join(', ')}${own}`;
}
