// What serveHealth() answers a probe while an app runs, is caught in a loop, waits for ever or collects, and what it leaves in a process.

import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, request } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { buildSync } from 'esbuild';
import type { HealthReport } from 'schedhint/health';
import { afterEach, describe, expect, test } from 'vitest';
import { nodeBinaries, otherRuntimes } from '../packaging/node-versions/node-binaries.js';
import { LineProcess } from '../rig/json-lines-process.js';
import { until } from '../rig/until.js';
import { environment, run, WITHOUT_ADDON } from '../stalls/made-stall.js';

const PROGRAM = fileURLToPath(new URL('programs/served.cjs', import.meta.url));

const running: LineProcess[] = [];
afterEach(async () => {
  for (const process of running.splice(0)) await process.kill();
});

interface Answer {
  readonly status: number;
  readonly type: string | undefined;
  readonly body: string;
}

function ask(port: number, path = '/health', method = 'GET'): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const options = { host: '127.0.0.1', port, path, method, agent: false };
    const asked = request(options, async (response) => {
      const { statusCode, headers } = response;
      const body = await text(response);
      resolve({ status: statusCode!, type: headers['content-type'], body });
    });
    asked.once('error', reject).end();
  });
}

/** The app, and what it answers. */
async function served(
  command: readonly string[],
  options: object = {},
  { env = {}, program = PROGRAM }: { env?: NodeJS.ProcessEnv; program?: string } = {},
) {
  const [node, ...args] = command;
  const words = [...args, program, JSON.stringify(options)];
  const app = new LineProcess(node!, words, { env: environment(env) });
  running.push(app);
  const { port } = (await app.next()) as { port: number };
  const probe = async () => {
    const answer = await ask(port);
    return { code: answer.status, ...(JSON.parse(answer.body) as HealthReport) };
  };
  return { app, port, probe };
}

type Probe = Awaited<ReturnType<typeof served>>['probe'];

/** What is answered while the app collects for seconds, at a limit of half a second. */
async function duringCollections(app: LineProcess, probe: Probe) {
  app.send('prepare');
  await app.next();
  await until('the loop turns again', async () => (await probe()).code === 200);
  app.send('collect');
  let isOver = false;
  const over = app.next().then(({ seconds }) => {
    isOver = true;
    return seconds as number[];
  });
  const answers: Awaited<ReturnType<Probe>>[] = [];
  while (!isOver) answers.push(await probe());
  expect(Math.max(...(await over))).toBeGreaterThan(0.5);
  return answers;
}

describe.each(nodeBinaries())('Node.js $version', ({ path: node }) => {
  test('200 while the loop turns', async () => {
    const { probe, port } = await served([node]);
    expect(await probe()).toMatchObject({
      code: 200,
      status: 'ok',
      inCollection: false,
      missing: [],
    });
    const { status, type, body } = await ask(port, '/health?verbose=1');
    expect({ status, type }).toEqual({ status: 200, type: 'application/json' });
    expect(body).toMatch(
      /^\{"status":"ok","loopAgeMs":\d+,"inCollection":false,"missing":\[\]\}\n$/,
    );
    const head = await ask(port, '/health', 'HEAD');
    expect(head).toMatchObject({ status: 200, body: '' });
    expect((await ask(port, '/')).status).toBe(404);
    expect((await ask(port, '/health', 'POST')).status).toBe(405);
  });

  test.each(['spin', 'wait', 'allocate'])('503 for a thread that is stuck: %s', async (task) => {
    const { app, port, probe } = await served([node]);
    app.send(task);
    await until('503', async () => (await ask(port)).status === 503);
    const { loopAgeMs, inCollection } = await probe();
    expect(loopAgeMs).toBeGreaterThan(500);
    // One that makes garbage may be in one now.
    if (task !== 'allocate') expect(inCollection).toBe(false);
  });

  test('200 during a collection that takes longer than the loop may', async () => {
    const { app, probe } = await served([node]);
    const answers = await duringCollections(app, probe);
    expect(answers.filter(({ code, status }) => code !== 200 || status !== 'ok')).toEqual([]);
    expect(answers.some(({ inCollection }) => inCollection)).toBe(true);
  });

  test('a worker that serves its health is terminated while it collects', async () => {
    const body = `
      require('schedhint/health').serveHealth({ port: 0 });
      setInterval(() => { for (let i = 0, kept = []; i < 1e6; i++) if (kept.push({}) > 1e4) kept = []; }, 1);
    `;
    const source = `
      const { Worker } = require('node:worker_threads');
      (async () => {
        for (let i = 0; i < 10; i++) {
          const worker = new Worker(${JSON.stringify(body)}, { eval: true });
          await new Promise((resolve) => worker.once('online', resolve));
          await new Promise((resolve) => setTimeout(resolve, i * 7));
          await worker.terminate();
        }
      })();
    `;
    expect(await run(node, ['-e', source])).toEqual({ stdout: '', stderr: '', code: 0 });
  });

  test('it keeps no process alive, unless the app waits for its address', async () => {
    const source = (rest: string) => `
      const health = require('schedhint/health').serveHealth({ port: 0, host: '127.0.0.1' });
      ${rest}
    `;
    const silent = { stdout: '', stderr: '', code: 0 };
    expect(await run(node, ['-e', source('')])).toEqual(silent);
    const waits = source('health.address.then(({ host }) => console.log(host))');
    expect(await run(node, ['-e', waits])).toEqual({ ...silent, stdout: '127.0.0.1\n' });
  });
});

test.each([
  { of: 'without the addon', env: WITHOUT_ADDON },
  { of: 'with SCHEDHINT=off', env: { SCHEDHINT: 'off' } },
])('$of collections are not known, and the answer says so', async ({ env }) => {
  const { app, probe } = await served([process.execPath], {}, { env });
  expect(await probe()).toMatchObject({
    code: 200,
    status: 'ok',
    inCollection: null,
    missing: ['gc'],
  });
  const answers = await duringCollections(app, probe);
  expect(answers.some(({ code }) => code === 503)).toBe(true);
});

for (const { name, path, run: words } of otherRuntimes()) {
  test(`${name}: 200 while the loop turns, 503 when it does not`, async () => {
    const { app, port, probe } = await served([path, ...words]);
    expect(await probe()).toMatchObject({ code: 200, status: 'ok', missing: ['gc'] });
    app.send('spin');
    await until('503', async () => (await ask(port)).status === 503);
  });
}

test('in a bundle, which has no file of the worker', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'schedhint-health-'));
  try {
    const program = join(folder, 'app.cjs');
    const options = { bundle: true, minify: true, platform: 'node', logLevel: 'silent' } as const;
    const { warnings } = buildSync({ ...options, entryPoints: [PROGRAM], outfile: program });
    expect(warnings).toEqual([]);
    const { probe } = await served([process.execPath], {}, { program });
    expect(await probe()).toMatchObject({ code: 200, status: 'ok' });
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('a stopped one answers no more', async () => {
  const { app, port } = await served([process.execPath]);
  await ask(port);
  app.send('stop');
  expect(await app.next()).toEqual({ stopped: true });
  await until('the port is closed', async () => {
    const socket = connect(port, '127.0.0.1');
    const refused = once(socket, 'error').then(() => true);
    const connected = once(socket, 'connect').then(() => false);
    const isRefused = await Promise.race([refused, connected]);
    socket.destroy();
    return isRefused;
  });
  expect((await app.end()).code).toBe(0);
});

test('a port in use: the address rejects, the process is warned and goes on', async () => {
  const other = createServer().listen(0, '127.0.0.1');
  await once(other, 'listening');
  const { port } = other.address() as AddressInfo;
  const app = new LineProcess(process.execPath, [PROGRAM, JSON.stringify({ port })], {
    env: environment(),
  });
  running.push(app);
  expect(await app.next()).toEqual({
    code: 'ERR_SCHEDHINT_HEALTH',
    message: expect.stringMatching(
      `127.0.0.1:${port} does not answer probes: .*EADDRINUSE.*; give it a port`,
    ),
  });
  app.send('stop');
  expect(await app.next()).toEqual({ stopped: true });
  const { stderr, code } = await app.end();
  expect(stderr.match(/\[ERR_SCHEDHINT_HEALTH\] Warning/g)).toHaveLength(1);
  expect(code).toBe(0);
  other.close();
});

test('where workers are forbidden it is a warning', async () => {
  const source = "require('schedhint/health').serveHealth({ port: 0 }); console.log('goes on')";
  const newest = nodeBinaries().at(-1)!;
  if (!/^v(2[4-9]|[3-9]\d)/.test(newest.version)) {
    return console.warn('not tested: no Node.js with --permission that forbids workers');
  }
  const args = ['--permission', '--allow-fs-read=*', '-e', source];
  const { stdout, stderr, code } = await run(newest.path, args);
  expect({ stdout, code }).toEqual({ stdout: 'goes on\n', code: 0 });
  expect(stderr).toMatch(/ERR_SCHEDHINT_HEALTH.*--allow-worker/);
});

test('the path is the one that was asked for', async () => {
  const { port } = await served([process.execPath], { path: '/live' });
  expect((await ask(port, '/live')).status).toBe(200);
  expect((await ask(port)).status).toBe(404);
});
