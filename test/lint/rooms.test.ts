import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));
let copy: string;

/** The sources that the check reads, elsewhere, so that a fault can be planted. */
beforeEach(() => {
  copy = mkdtempSync(join(tmpdir(), 'schedhint-rooms-'));
  const homes = ['abi', 'broker/src', 'packages/native/ts', 'scheduler', 'test/policy'];
  const sources = readdirSync(join(root, 'packages')).map((name) => `packages/${name}/src`);
  homes.push(...sources.filter((home) => existsSync(join(root, home))));
  for (const home of homes) cpSync(join(root, home), join(copy, home), { recursive: true });
  cpSync(join(root, 'CONTRIBUTING.md'), join(copy, 'CONTRIBUTING.md'));
});

afterEach(() => rmSync(copy, { recursive: true, force: true }));

function check() {
  const args = ['scripts/lint/rooms.mjs', '--root', copy];
  const { status, stdout } = spawnSync(process.execPath, args, { cwd: root, encoding: 'utf8' });
  return { status, lines: stdout.split('\n').map((line) => line.trim()) };
}

const plant = (file: string, text: string) => writeFileSync(join(copy, file), text);

test('the sources keep to the rooms, and CONTRIBUTING.md shows them', () => {
  const { status, lines } = check();
  expect(lines.join('\n')).not.toContain('CONTRIBUTING.md');
  expect(status).toBe(0);
  expect(lines.find((line) => line.startsWith('packages/core/src:'))).toMatch(
    /^packages\/core\/src: floors [1-7] \(at most 7\), .* circles 0/,
  );
  expect(lines.find((line) => line.startsWith('packages/native/src:'))).toMatch(
    /^packages\/native\/src: floors [1-6] \(at most 6\), .* circles 0/,
  );
});

test('a backward import fails', () => {
  plant('packages/core/src/layout/planted.ts', "import '../thread/attach.js';\n");
  const { status, lines } = check();
  expect(status).toBe(1);
  expect(lines).toContain(
    'packages/core/src: layout/planted.ts imports thread/attach.ts, but layout may not import thread',
  );
});

test('each other fault fails', () => {
  const core = 'packages/core/src';
  plant(`${core}/view/planted.ts`, "import type {} from '../thread/attach.js';\n");
  plant(`${core}/block/one.ts`, "import './other.js';\n");
  plant(`${core}/block/other.ts`, "import './one.js';\n");
  plant(`${core}/btf/planted.ts`, "import './bridge/c-layout.js';\n");
  plant(`${core}/layout/planted.ts`, "import '@schedhint/native';\n");
  plant(`${core}/thread/planted.ts`, "import 'schedhint';\n");
  plant(`${core}/planted.ts`, '');
  plant('packages/native/src/kernel/planted.h', '#include "registry/registry.h"\n');
  plant('abi/include/schedhint/planted.h', '#include "../../conformance/checker.h"\n');
  plant('broker/src/planted.h', '#include "registry/registry.h"\n');
  const { status, lines } = check();
  expect(status).toBe(1);
  expect(lines).toEqual(
    expect.arrayContaining([
      `${core}: view/planted.ts imports thread/attach.ts, but view may not import thread`,
      `${core}: a circle: block/one.ts, block/other.ts`,
      `${core}: btf/planted.ts imports btf/bridge/c-layout.ts, but btf may not import btf/bridge`,
      `${core}: in no room: planted.ts`,
      `${core}/layout/planted.ts imports @schedhint/native, and is not among the files that may`,
      `${core}/thread/planted.ts imports schedhint, but @schedhint/core may not import schedhint`,
      'packages/native/src: kernel/planted.h imports registry/registry.h, but kernel may not import registry',
      'abi: include/schedhint/planted.h imports conformance/checker.h, but include may not import conformance',
      'broker/src/planted.h includes packages/native/src/registry/registry.h, which is not for it',
    ]),
  );
});
