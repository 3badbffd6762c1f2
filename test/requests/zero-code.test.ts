// Requests of applications that know nothing of schedhint: schedhint/register tracks them if the environment asks for it.

import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect as connectHttp2 } from 'node:http2';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { nodeBinaries } from '../packaging/node-versions/node-binaries.js';
import { type Bpffs, mountBpffs } from '../rig/bpffs.js';
import { LineProcess } from '../rig/json-lines-process.js';
import { describeOnKernel } from '../rig/kernel-support.js';
import { Observer } from '../rig/observer-process.js';
import { until } from '../rig/until.js';
import { runProgram } from './program.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
const program = (name: string) => fileURLToPath(new URL(`programs/${name}`, import.meta.url));
const PRELOAD = ['--require', 'schedhint/register'];
const CONFIG = program('zero-code.json');
const NO_MAP = '/nonexistent/schedhint';

/** The environment without what another test, or the machine, has set. */
const environment = (env: NodeJS.ProcessEnv): NodeJS.ProcessEnv => ({
  ...process.env,
  NODE_OPTIONS: '',
  SCHEDHINT_BROKER: '',
  SCHEDHINT_MAP: NO_MAP,
  ...env,
});

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'schedhint-zero-code-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

function run(node: string, args: string[], env: NodeJS.ProcessEnv, cwd = root) {
  const options = { cwd, env: environment(env), encoding: 'utf8' } as const;
  const { status, stdout, stderr } = spawnSync(node, args, options);
  return { status, stdout, stderr };
}

describeOnKernel('what the kernel sees of a server that knows nothing of schedhint', () => {
  let bpffs: Bpffs;
  let observer: Observer;
  let server: LineProcess;
  const sockets: Socket[] = [];
  let ports: { port: number; http2Port: number };

  beforeEach(async () => {
    bpffs = mountBpffs();
    observer = await Observer.start(`${bpffs.path}/hints`);
  });
  afterEach(async () => {
    for (const socket of sockets.splice(0)) socket.destroy();
    await server?.kill();
    await observer?.stop();
    bpffs?.unmount();
  });

  async function start(node: string, ...args: string[]): Promise<void> {
    server = new LineProcess(node, [...PRELOAD, program('plain-server.cjs'), ...args], {
      cwd: root,
      env: environment({ SCHEDHINT_MAP: `${bpffs.path}/hints`, SCHEDHINT_CONFIG: CONFIG }),
    });
    ports = (await server.next()) as typeof ports;
  }

  const seen = async () =>
    (await observer.threads())
      .filter(({ tgid, hints }) => tgid === server.pid && hints !== undefined)
      .map(({ hints: { urgency, deadlineNs } }) => ({ urgency, isDue: deadlineNs !== '0' }));

  /** That of the busiest thread; all others have none. */
  const untilSeen = (urgency: number, isDue = false) =>
    until(
      `the kernel sees urgency ${urgency}${isDue ? ' and a deadline' : ''}`,
      async () => {
        const threads = (await seen()).sort((a, b) => b.urgency - a.urgency);
        const [first, ...others] = threads;
        return (
          first?.urgency === urgency &&
          first.isDue === isDue &&
          others.every((thread) => thread.urgency === 0 && !thread.isDue)
        );
      },
      seen,
    );

  function send(text: string): Socket {
    const socket = connect(ports.port, '127.0.0.1');
    socket.on('error', () => {});
    socket.write(text);
    sockets.push(socket);
    return socket;
  }

  const get = (path: string, headers = '') =>
    `GET ${path} HTTP/1.1\r\nHost: host\r\n${headers}\r\n`;

  async function untilHeld(count: number): Promise<void> {
    while ((await server.next()).held !== count);
  }

  describe.each(nodeBinaries())('Node.js $version', ({ path: node, version }) => {
    test.each(['answer', 'fail', 'destroy'])('a request: %s', async (ending) => {
      await start(node);
      await untilSeen(0);
      send(get('/checkout/7?card=1'));
      await untilSeen(768, true);
      server.send(ending);
      await untilSeen(0);
    });

    test('a client that hangs up, also one that pipelines', async () => {
      await start(node);
      const one = send(get('/checkout/7'));
      await untilHeld(1);
      const five = send(get('/checkout/8').repeat(5));
      await untilHeld(6);
      await untilSeen(768, true);
      one.destroy();
      five.destroy();
      await untilSeen(0);
    });

    test('pipelined requests that are answered', async () => {
      await start(node);
      send(get('/checkout/8').repeat(5) + get('/other'));
      await untilHeld(6);
      await untilSeen(768, true);
      server.send('answer');
      await untilSeen(0);
    });

    test('an upgrade has no urgency, whatever its route', async () => {
      await start(node);
      send(get('/checkout/7'));
      await untilSeen(768, true);
      const socket = send(get('/hold', 'Connection: Upgrade\r\nUpgrade: echo\r\n'));
      const answered = (part: string) =>
        new Promise<void>((resolve) => {
          socket.on('data', (data) => `${data}`.includes(part) && resolve());
        });
      await answered('101');
      socket.write('ping');
      await answered('ping');
      await untilSeen(768, true);
      server.send('answer');
      await untilSeen(0);
      expect(socket.readable).toBe(true);
    });

    test('a worker has its own hints', async () => {
      await start(node, 'worker');
      send(get('/checkout/7'));
      await untilSeen(768, true);
      server.send('answer');
      await untilSeen(0);
    });

    // Node.js 20 announces no streams of HTTP/2: docs/requests.md.
    if (!version.startsWith('v20.')) {
      test('HTTP/2: answered, cancelled, cut off', async () => {
        await start(node);
        const client = connectHttp2(`http://127.0.0.1:${ports.http2Port}`);
        client.on('error', () => {});
        const call = (headers: Record<string, string> = {}) =>
          client
            .request({ ':path': '/shop.Shop/Pay', ':method': 'POST', ...headers })
            .on('error', () => {});
        call();
        await untilSeen(1024);
        server.send('answer');
        await untilSeen(0);
        const cancelled = call({ 'grpc-timeout': '10M' });
        await untilSeen(1024, true);
        cancelled.close(8);
        await untilSeen(0);
        call();
        await untilSeen(1024);
        client.destroy();
        await untilSeen(0);
      });
    }
  });
});

describe.each(nodeBinaries())('the preload, Node.js $version', ({ path: node }) => {
  test("an app's tracker is the preload's", async () => {
    const env = { SCHEDHINT_MAP: NO_MAP, SCHEDHINT_CONFIG: CONFIG };
    const ended = await runProgram(node, 'zero-code.mjs', [], { preload: true, env });
    expect(ended).toEqual({ code: 0, output: '' });
  });

  const FILES = `console.log(Object.keys(require.cache).map((file) => file.replace(/.*(?:schedhint|packages)./, '')).join())`;
  test('loads no file of it unless it is asked to', () => {
    const files = (env: NodeJS.ProcessEnv) =>
      run(node, [...PRELOAD, '--eval', FILES], env)
        .stdout.trim()
        .split(',');
    expect(files({})).toEqual(['dist/register.cjs']);
    expect(files({ SCHEDHINT_REQUESTS: '1' })).toEqual(
      expect.arrayContaining(['dist/register.cjs', 'dist/cjs/register/requests.js']),
    );
  });

  const off = join(tmpdir(), 'never-read.json');
  test.each<[NodeJS.ProcessEnv, boolean]>([
    [{}, false],
    [{ SCHEDHINT_REQUESTS: '' }, false],
    [{ SCHEDHINT_REQUESTS: '1' }, true],
    [{ SCHEDHINT_CONFIG: CONFIG }, true],
    // Off comes before a file, which is not even read if stalls are off too.
    ...['0', 'off', 'false'].map((value): [NodeJS.ProcessEnv, boolean] => [
      { SCHEDHINT_REQUESTS: value, SCHEDHINT_STALLS: '0', SCHEDHINT_CONFIG: off },
      false,
    ]),
    [{ SCHEDHINT_REQUESTS: '1', SCHEDHINT: 'off' }, false],
  ])('%j: %s', (env, isTracked) => {
    const ended = run(node, [...PRELOAD, program('announces.cjs')], env);
    expect(ended).toEqual({ status: 0, stdout: `[${isTracked}]\n`, stderr: '' });
  });

  test.each<[object, NodeJS.ProcessEnv, boolean]>([
    [{ version: 1 }, {}, false],
    [{ version: 1, requests: {} }, {}, true],
    [{ version: 1, requests: { enabled: false } }, {}, false],
    [{ version: 1, requests: { enabled: false } }, { SCHEDHINT_REQUESTS: '1' }, true],
  ])('%j %j: %s', (config, env, isTracked) => {
    const file = join(folder, 'config.json');
    writeFileSync(file, JSON.stringify(config));
    const args = [...PRELOAD, program('announces.cjs')];
    const ended = run(node, args, { SCHEDHINT_CONFIG: file, ...env });
    expect(ended).toEqual({ status: 0, stdout: `[${isTracked}]\n`, stderr: '' });
  });

  test('reads the file once: workers have it, when it is gone', () => {
    const file = join(folder, 'removed.json');
    copyFileSync(CONFIG, file);
    const env = { SCHEDHINT_CONFIG: file, REMOVE: file };
    const ended = run(node, [...PRELOAD, program('announces.cjs'), '3'], env);
    expect(ended).toEqual({ status: 0, stdout: '[true,true,true,true]\n', stderr: '' });
  });

  test.each([[{}], [{ SCHEDHINT_REQUESTS: '1' }]])(
    'a bad file is one warning, and then no request is tracked: %j',
    (also) => {
      const file = join(folder, 'bad.json');
      writeFileSync(file, '{ "version": 1, "requests": { "routs": [] } }');
      const env = { SCHEDHINT_CONFIG: file, ...also };
      const ended = run(node, [...PRELOAD, program('announces.cjs'), '3'], env);
      expect(ended).toMatchObject({ status: 0, stdout: '[false,false,false,false]\n' });
      const lines = ended.stderr.split('\n').filter((line) => line.includes('SCHEDHINT'));
      expect(lines).toEqual([
        expect.stringMatching(
          /^\(node:\d+\) \[ERR_SCHEDHINT_CONFIG\] Warning: .*bad\.json: \/requests\/routs: unknown name; did you mean "routes"\?; the file is ignored$/,
        ),
      ]);
    },
  );
});
