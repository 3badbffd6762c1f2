// A scheduler author's walk: the commands of docs/writing-a-scheduler.md, word for word, in an empty folder: headers vendored, the example
// built, and what is in the object. Its load is a test in the VM, fifo.test.mjs: SCHEDHINT_WALK=DIRECTORY leaves the object there.

import { spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { blocksOf, root } from '../docs/pages.js';

const page = blocksOf('docs/writing-a-scheduler.md');
const { code: commands } = page.find(({ language }) => language === 'sh')!;
const home = mkdtempSync(join(tmpdir(), 'schedhint-author-'));
afterAll(() => rmSync(home, { recursive: true }));

const HEADERS = join(root, 'build/scx/include/vmlinux.h');
const missing = existsSync(HEADERS)
  ? ''
  : ` (skipped: ${HEADERS} is missing: npm run build:scheduler)`;

test.skipIf(missing !== '')(`the example of the guide is built as it says${missing}`, () => {
  const ran = spawnSync('bash', ['-e', '-c', commands], {
    cwd: home,
    env: { ...process.env, SCHEDHINT: root },
    encoding: 'utf8',
  });
  expect(ran.stderr).toBe('');
  expect(ran.status).toBe(0);
  const object = join(home, 'fifo.bpf.o');
  const sections = spawnSync('readelf', ['--wide', '--sections', '--symbols', object], {
    encoding: 'utf8',
  }).stdout;
  for (const part of ['.struct_ops', 'schedhint', 'fifo_enqueue', '.BTF']) {
    expect(sections).toContain(part);
  }
  const { SCHEDHINT_WALK: kept } = process.env;
  if (kept) copyFileSync(object, join(kept, 'fifo.bpf.o'));
});

test.skipIf(missing !== '')('and its headers are all that it has taken', () => {
  const source = readFileSync(join(home, 'fifo.bpf.c'), 'utf8');
  const included = [...source.matchAll(/#include [<"]([^>"]+)[>"]/g)].map(([, name]) => name!);
  const ours = included.filter((name) => name.startsWith('schedhint/'));
  expect(ours).toEqual(['schedhint/schedhint.bpf.h']);
  for (const name of ours) expect(existsSync(join(home, 'include', name))).toBe(true);
});
