// Builds an app with Next.js (Turbopack or webpack), copies its standalone output elsewhere and starts it there: hints reach the
// kernel, and without the addon the server still runs.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { until } from '../../rig/until.js';
import { type KernelReader, runRow } from '../row.js';
import { Deployment } from './deployment.js';
import { recipe } from './recipe.js';
import { Workshop } from './workshop.js';

const TOOLS = ['next', 'react', 'react-dom'];

/** How next-app/instrumentation.js asks for hints. */
const WAYS = ['code', 'register'] as const;
type Way = (typeof WAYS)[number];

/** The row of one of the bundlers that Next.js has. */
export function runNextRow(bundler: '--turbopack' | '--webpack'): Promise<void> {
  return runRow(async (reader) => {
    const workshop = Workshop.create(TOOLS, new URL('next-app', import.meta.url));
    const deployed = new Deployment();
    try {
      const config = recipe('Next.js').files['next.config.mjs']!;
      const isWebpack = bundler === '--webpack';
      workshop.write(
        'next.config.mjs',
        config.replace(/ +serverExternalPackages: .*\n/, isWebpack ? '$&' : ''),
      );
      workshop.run(`next build ${bundler}`, { NEXT_TELEMETRY_DISABLED: '1' });
      deployed.add(join(workshop.path, '.next/standalone'), 'app');
      for (const way of WAYS) await isSeen(reader, deployed, way);
      rmSync(join(deployed.path, 'app/node_modules/@schedhint/native/prebuilds'), {
        recursive: true,
      });
      for (const way of WAYS) await servesWithReason(deployed, way);
      return {
        versions: workshop.versions,
        found:
          'standalone, copied: urgency 900 and collections, from instrumentation.js; addon deleted: it serves, and reports the reason',
      };
    } finally {
      workshop.remove();
      deployed.remove();
    }
  });
}

async function isSeen(reader: KernelReader, deployed: Deployment, way: Way): Promise<void> {
  const stderr = await serve(deployed, way, { SCHEDHINT_MAP: reader.map }, async (pid) => {
    await reader.thread(
      `the server's hints, by ${way}`,
      ({ tid, gcCount, hints }) =>
        tid === pid && gcCount > 0 && hints.urgency === (way === 'code' ? 900 : 0),
    );
  });
  assert.equal(stderr, '');
}

async function servesWithReason(deployed: Deployment, way: Way): Promise<void> {
  const stderr = await serve(deployed, way, {}, async () => {});
  if (way === 'register') assert.equal(stderr, '');
  else assert.match(stderr, /SCHEDHINT_ADDON\] Warning: .*no addon was found/);
}

/** Starts the server, waits for its page, and ends it. @returns what it said on stderr */
async function serve(
  deployed: Deployment,
  way: Way,
  env: NodeJS.ProcessEnv,
  act: (pid: number) => Promise<void>,
): Promise<string> {
  const port = await freePort();
  const server = spawn(process.execPath, ['server.js'], {
    cwd: join(deployed.path, 'app'),
    stdio: ['ignore', 'ignore', 'pipe'],
    env: {
      ...process.env,
      NODE_OPTIONS: '',
      PORT: `${port}`,
      HOSTNAME: '127.0.0.1',
      HINTS: way,
      ...env,
    },
  });
  let stderr = '';
  server.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const ended = once(server, 'close');
  try {
    await until(
      'the page is served',
      () =>
        fetch(`http://127.0.0.1:${port}/`).then(
          async (response) => (await response.text()).includes('It runs.'),
          () => false,
        ),
      () => stderr,
    );
    await act(server.pid!);
  } finally {
    server.kill('SIGTERM');
    await ended;
  }
  return stderr;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, 'close');
  return port;
}
