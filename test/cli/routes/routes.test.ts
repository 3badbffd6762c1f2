// `schedhint routes`: which rule a request matches, and what it gets.

import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';

const bin = fileURLToPath(new URL('../../../packages/schedhint/bin/schedhint.js', import.meta.url));

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'schedhint-routes-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

function routes(config: unknown, ...args: string[]) {
  writeFileSync(join(folder, 'schedhint.json'), JSON.stringify(config));
  const run = spawnSync(process.execPath, [bin, 'routes', 'schedhint.json', ...args], {
    cwd: folder,
    encoding: 'utf8',
  });
  return { code: run.status, output: run.stdout + run.stderr };
}

const CONFIG = {
  version: 1,
  requests: {
    default: { urgency: 'normal' },
    routes: [
      { path: '/checkout/*', methods: ['POST', 'PUT'], urgency: 'high', deadlineMs: 50 },
      { path: '/events/**', track: false },
      { path: '/plain' },
    ],
    deadlineHeaders: ['grpc-timeout'],
    priorityHeader: true,
  },
};

test.each([
  [
    ['post', '/checkout/7?x=1'],
    'request    POST /checkout/7',
    'rule       /requests/routes/0: POST, PUT, /checkout/*',
    'published  urgency 768 (high), deadline 50 ms after its beginning',
  ],
  [
    ['PUT', '/checkout/7', '--header', 'Grpc-Timeout:  20m ', '--header', 'priority: u=7'],
    'request    PUT /checkout/7',
    'rule       /requests/routes/0: POST, PUT, /checkout/*',
    'published  urgency 768 (high), deadline 20 ms after its beginning',
  ],
  [
    ['GET', '/events/1/2'],
    'request    GET /events/1/2',
    'rule       /requests/routes/1: any method, /events/**',
    'published  nothing: the request is not tracked',
  ],
  [
    ['GET', '/plain'],
    'request    GET /plain',
    'rule       /requests/routes/2: any method, /plain',
    'published  no urgency, no deadline',
  ],
  [
    ['GET', '/Plain', '--header=priority: u=7'],
    'request    GET /Plain',
    'rule       /requests/default',
    'published  urgency 256, no deadline',
  ],
])('%j', (args, ...lines) => {
  expect(routes(CONFIG, ...args)).toEqual({ code: 0, output: `${lines.join('\n')}\n` });
});

test('a file without rules, in which requests are off', () => {
  const { code, output } = routes({ version: 1 }, 'GET', '/');
  expect(code).toBe(0);
  expect(output).toContain('rule       none\npublished  no urgency, no deadline\nnote ');
  expect(output).toContain('SCHEDHINT_REQUESTS=1');
});

test.each([
  [
    { version: 1, routes: [] },
    ['GET', '/'],
    'ERR_SCHEDHINT_CONFIG: schedhint.json: /routes: unknown name',
  ],
  [CONFIG, ['GET'], 'ERR_SCHEDHINT_OPTION: PATH is missing'],
  [
    CONFIG,
    ['GET', '/', '--header', 'nonsense'],
    'ERR_SCHEDHINT_OPTION: --header: expected "name: value"',
  ],
])('%j %j fails', (config, args, message) => {
  const { code, output } = routes(config, ...args);
  expect(code).toBe(1);
  expect(output).toContain(`schedhint routes: ${message}`);
});
