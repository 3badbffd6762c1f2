// Real packages, on every Node.js that is tested: each program asserts what it names.

import { describe, expect, test } from 'vitest';
import { nodeBinaries } from '../packaging/node-versions/node-binaries.js';
import { runProgram } from './program.js';

describe.each(nodeBinaries())('requests of real packages, Node.js $version', (node) => {
  test('ws, @fastify/websocket, event streams', async () => {
    expect(await runProgram(node.path, 'upgrades.mjs')).toEqual({ code: 0, output: '' });
  });

  test.each(['plain', 'http', 'hidden'])('@grpc/grpc-js, %s', async (way) => {
    expect(await runProgram(node.path, 'grpc.mjs', [way])).toEqual({ code: 0, output: '' });
  });

  test('http() without a server: HTTP/1, HTTP/2, Fastify', async () => {
    expect(await runProgram(node.path, 'whole-thread.mjs')).toEqual({ code: 0, output: '' });
  });
});

// better-sqlite3 13 does not support Node.js 20.
const withSqlite = nodeBinaries().filter(({ version }) => !version.startsWith('v20.'));

describe.each(withSqlite)('queries that are lazy promises, Node.js $version', ({ path }) => {
  test('knex and drizzle run them once', async () => {
    expect(await runProgram(path, 'queries.mjs')).toEqual({ code: 0, output: '' });
  });
});
