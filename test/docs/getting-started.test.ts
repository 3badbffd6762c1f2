// Runs the app that docs/getting-started.md shows, in each Node.js: its requests are in the thread's hints.

import { spawnSync } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { nodeBinaries } from '../packaging/node-versions/node-binaries.js';
import { blocksOf, root } from './pages.js';

const { code } = blocksOf('docs/getting-started.md').find((block) =>
  block.code.includes('createServer('),
)!;
const lines = code.split('\n').filter((line) => line.trim() !== '');

/** Asks the app for two pages, and prints the hints that its thread had. */
const CHECK = `
const { once } = await import('node:events');
const { get } = await import('node:http');
const { recordHints } = await import('schedhint/testing');
const record = recordHints();
if (!server.listening) await once(server, 'listening');
const seen = [];
for (const path of ['/checkout', '/report']) {
  record.clear();
  const [response] = await once(get({ port: server.address().port, path }), 'response');
  for await (const _ of response);
  seen.push(record.entries[0].hints);
}
console.log(JSON.stringify(seen.map(({ urgency, deadlineMs }) => [urgency, deadlineMs !== null])));
process.exit();
`;

test('has no more than ten lines', () => {
  expect(lines.length).toBeLessThanOrEqual(10);
});

test.each(nodeBinaries())(
  'its requests make the hints in Node.js $version',
  ({ path, version }) => {
    const home = join(root, 'build/doc-tests', `getting-started-${version}`); // where the packages are found from
    rmSync(home, { recursive: true, force: true });
    mkdirSync(home, { recursive: true });
    const app = code
      .replace('createServer((', 'const server = createServer((')
      .replace('3000', '0');
    writeFileSync(join(home, 'app.mjs'), app + CHECK);
    const ran = spawnSync(path, ['app.mjs'], { cwd: home, encoding: 'utf8' });
    expect(ran.stderr).toBe('');
    expect(JSON.parse(ran.stdout.trim().split('\n').at(-1)!)).toEqual([
      [768, true],
      [256, false],
    ]);
  },
);
