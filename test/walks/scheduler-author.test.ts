// A scheduler author's walk: the commands of docs/writing-a-scheduler.md, word for word, in an empty folder: headers vendored, the example
// built, and what is in the object. `npm run test:vm` loads an object that the same commands built: test/vm/guest/fifo.test.mjs.

import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { HEADERS, walk } from './author-walk.mjs';

const home = mkdtempSync(join(tmpdir(), 'schedhint-author-'));
afterAll(() => rmSync(home, { recursive: true }));

const missing = existsSync(HEADERS)
  ? ''
  : ` (skipped: ${HEADERS} is missing: npm run build:scheduler)`;

test.skipIf(missing !== '')(`the example of the guide is built as it says${missing}`, () => {
  const ran = walk(home);
  expect(ran.stderr).toBe('');
  expect(ran.status).toBe(0);
  const object = join(home, 'fifo.bpf.o');
  const sections = spawnSync('readelf', ['--wide', '--sections', '--symbols', object], {
    encoding: 'utf8',
  }).stdout;
  for (const part of ['.struct_ops', 'schedhint', 'fifo_enqueue', '.BTF']) {
    expect(sections).toContain(part);
  }
});

test.skipIf(missing !== '')('and its headers are all that it has taken', () => {
  const source = readFileSync(join(home, 'fifo.bpf.c'), 'utf8');
  const included = [...source.matchAll(/#include [<"]([^>"]+)[>"]/g)].map(([, name]) => name!);
  const ours = included.filter((name) => name.startsWith('schedhint/'));
  expect(ours).toEqual(['schedhint/schedhint.bpf.h']);
  for (const name of ours) expect(existsSync(join(home, 'include', name))).toBe(true);
});
