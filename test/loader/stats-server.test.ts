// The server of statistics with made numbers, and clients that behave and that do not.

import { once } from 'node:events';
import { existsSync, lstatSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createConnection, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { LineProcess } from '../rig/json-lines-process.js';
import { built } from './built.js';

const CLIENTS = 16; // STATS_CLIENTS
let program: string;
let scratch: string;
let path: string;

beforeAll(() => {
  program = built('server');
});
beforeEach(() => {
  scratch = mkdtempSync(join(tmpdir(), 'schedhint-stats-'));
  path = join(scratch, 'scx/root/stats'); // directories that do not exist
});
afterEach(() => rmSync(scratch, { recursive: true, force: true }));

async function serve() {
  const server = new LineProcess(program, [path]);
  await server.next();
  return server;
}

async function endWell(server: LineProcess) {
  expect(await server.end()).toEqual({ code: 0, rest: [], stderr: '' });
}

class Client {
  readonly socket: Socket;
  readonly #lines: AsyncIterator<string>;

  constructor() {
    this.socket = createConnection(path);
    this.socket.on('error', () => {}); // answer() says so
    this.#lines = createInterface({ input: this.socket })[Symbol.asyncIterator]();
  }

  /** null: the server has closed the connection; the kernel says so by an error if requests were not read. */
  async answer() {
    const { value, done } = await this.#lines
      .next()
      .catch(() => ({ value: undefined, done: true }));
    return done ? null : (JSON.parse(value!) as { errno: number; args: { resp: unknown } });
  }

  ask(line: string) {
    this.socket.write(`${line}\n`);
    return this.answer();
  }

  async stats() {
    return (await this.ask('{"req":"stats","args":{}}'))!.args.resp as Record<string, number>;
  }
}

test('it answers with numbers, and with what they mean', async () => {
  const server = await serve();
  expect(statSync(path).mode & 0o777).toBe(0o600);
  const client = new Client();
  const numbers = await client.stats();
  expect(Object.values(numbers)).toEqual(Object.keys(numbers).map((_, i) => i + 1));
  const meta = await client.ask('{"req":"stats_meta","args":{}}');
  expect(meta).toEqual({
    errno: 0,
    args: {
      resp: {
        Schedhint: {
          name: 'Schedhint',
          top: 'true',
          desc: expect.any(String),
          user: { _om_prefix: 'schedhint_' },
          fields: Object.fromEntries(
            Object.keys(numbers).map((name) => [name, { datum: 'u64', desc: expect.any(String) }]),
          ),
        },
      },
    },
  });
  client.socket.end();
  await endWell(server);
  expect(existsSync(path)).toBe(false);
});

test('what it does not know it refuses, and goes on', async () => {
  const server = await serve();
  const client = new Client();
  const refused = (resp: RegExp) => ({ errno: 22, args: { resp: expect.stringMatching(resp) } });
  expect(await client.ask('{"req":"stats","args":{"target":"x"}}')).toEqual(refused(/target/));
  expect(await client.ask('{"req":"stop"}')).toEqual(refused(/command/));
  expect(await client.ask('stop')).toEqual(refused(/not a request/));
  expect(await client.stats()).toMatchObject({ switches: 1 });
  await endWell(server);
});

test('a request may come in parts, and several at the same time', async () => {
  const server = await serve();
  const client = new Client();
  await once(client.socket, 'connect');
  client.socket.setNoDelay(true);
  for (const part of ['{"re', 'q":"st', 'ats"}\n{"req":"stats_meta"}\n{"req"']) {
    client.socket.write(part);
    await new Client().stats(); // the part has been read
  }
  expect(await client.answer()).toMatchObject({ errno: 0 });
  expect(await client.answer()).toHaveProperty('args.resp.Schedhint');
  expect(await client.ask(':"stats"}')).toMatchObject({ errno: 0 });
  await endWell(server);
});

test('a line that does not end is refused, and its client with it', async () => {
  const server = await serve();
  const client = new Client();
  client.socket.write('x'.repeat(5000));
  expect(await client.answer()).toMatchObject({ errno: 22 });
  expect(await client.answer()).toBeNull();
  expect(await new Client().stats()).toMatchObject({ switches: 1 });
  await endWell(server);
});

test('a client that does not read keeps no other client waiting', async () => {
  const server = await serve();
  const deaf = createConnection(path);
  deaf.on('error', () => {});
  deaf.pause();
  await once(deaf, 'connect');
  // More answers than the socket holds. It takes no more requests then.
  const requests = '{"req":"stats_meta"}\n'.repeat(20_000);
  deaf.write(requests);
  const other = new Client();
  for (let i = 0; i < 20; i++) expect(await other.stats()).toMatchObject({ switches: 1 });
  // It gets the rest when it reads.
  let bytes = 0;
  let answers = 0;
  for await (const chunk of deaf) {
    bytes += chunk.length;
    answers += chunk.toString('latin1').split('\n').length - 1;
    if (answers === 20_000) break;
  }
  expect(bytes).toBeGreaterThan(1e6);
  await endWell(server);
});

test('the client that was silent for longest makes way for one more', async () => {
  const server = await serve();
  const clients: Client[] = [];
  for (let i = 0; i < CLIENTS; i++) {
    const client = new Client();
    clients.push(client);
    await client.stats();
  }
  await clients[0]!.stats();
  const oneMore = new Client();
  expect(await oneMore.stats()).toMatchObject({ switches: 1 });
  expect(await clients[1]!.answer()).toBeNull();
  for (const client of [clients[0]!, ...clients.slice(2), oneMore]) {
    expect(await client.stats()).toMatchObject({ switches: 1 });
  }
  await endWell(server);
});

test('a client that goes away in the middle of an answer does not end it', async () => {
  const server = await serve();
  for (let i = 0; i < 50; i++) {
    const client = createConnection(path);
    client.on('error', () => {});
    await once(client, 'connect');
    client.write('{"req":"stats_meta"}\n'.repeat(200));
    client.destroy();
  }
  expect(await new Client().stats()).toMatchObject({ switches: 1 });
  await endWell(server);
});

test('a socket that a killed one left is replaced', async () => {
  await (await serve()).kill();
  expect(lstatSync(path).isSocket()).toBe(true);
  const server = await serve();
  expect(await new Client().stats()).toMatchObject({ switches: 1 });
  await endWell(server);
});

test('a socket that another one answers is left alone', async () => {
  const first = await serve();
  const { code, stderr } = await new LineProcess(program, [path]).end();
  expect(code).toBe(1);
  expect(stderr).toMatch(/another program answers at .*stats/);
  expect(await new Client().stats()).toMatchObject({ switches: 1 });
  await endWell(first);
});

test('a file that is no socket is left alone', async () => {
  path = join(scratch, 'stats');
  writeFileSync(path, 'mine');
  const { code, stderr } = await new LineProcess(program, [path]).end();
  expect(code).toBe(1);
  expect(stderr).toMatch(/stats is there and is no socket/);
  expect(lstatSync(path).isFile()).toBe(true);
});

test('a socket that has been replaced is not removed', async () => {
  const server = await serve();
  rmSync(path);
  const next = await serve();
  await endWell(server);
  expect(await new Client().stats()).toMatchObject({ switches: 1 });
  await endWell(next);
});

test('a path that is too long, or cannot be made, is said', async () => {
  path = join(scratch, 'x'.repeat(200));
  expect(await new LineProcess(program, [path]).end()).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/too long for a socket/),
  });
  writeFileSync(join(scratch, 'file'), '');
  path = join(scratch, 'file/root/stats');
  expect(await new LineProcess(program, [path]).end()).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/cannot .*(make|listen)/),
  });
});
