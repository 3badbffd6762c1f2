// `npm i schedhint` next to other versions of what its integrations are for: it must never be refused.

import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { pack } from '../../../scripts/pack.mjs';

let scratch: string;
let tarballs: string[];
beforeAll(() => {
  scratch = mkdtempSync(join(tmpdir(), 'schedhint-beside-'));
  const packed = join(scratch, 'tarballs');
  tarballs = pack(packed).map(({ filename }) => join(packed, filename));
});
afterAll(() => {
  rmSync(scratch, { recursive: true, force: true });
});

test.each([
  ['fastify', '4.29.1'],
  ['@opentelemetry/api', '1.8.0'],
  ['prom-client', '14.2.0'],
])('npm i next to %s %s', (name, version) => {
  const home = mkdtempSync(join(scratch, 'app-'));
  const manifest = { private: true, dependencies: { [name]: version } };
  writeFileSync(join(home, 'package.json'), JSON.stringify(manifest));
  // Makes the tree, and leaves out to unpack it.
  const options = ['--package-lock-only', '--prefer-offline', '--no-audit', '--no-fund'];
  const { status, stderr } = spawnSync('npm', ['install', ...options, ...tarballs], {
    cwd: home,
    encoding: 'utf8',
  });
  expect({ status, conflict: /ERESOLVE/.test(stderr) }, stderr).toEqual({
    status: 0,
    conflict: false,
  });
});
