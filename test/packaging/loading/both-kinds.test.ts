// One state for a process, however it loads the packages: what `import` gives is what `require()` gives.

import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { nodeBinaries } from '../node-versions/node-binaries.js';
import { Installed } from './installed.js';
import { printed, runNode } from './run-node.js';

const PACKAGES = {
  '@schedhint/core': 'core',
  '@schedhint/gc-hooks': 'gc-hooks',
  '@schedhint/native': 'native',
  schedhint: 'schedhint',
};

/** What an app may import, as Node.js sees it. */
const entries = Object.entries(PACKAGES).flatMap(([name, folder]) => {
  const file = fileURLToPath(new URL(`../../../packages/${folder}/package.json`, import.meta.url));
  const { exports } = JSON.parse(readFileSync(file, 'utf8')) as { exports: object };
  return Object.keys(exports)
    .filter((path) => !/json$|[*]|register/.test(path))
    .map((path) => name + path.slice(1));
});

let installed: Installed;
beforeAll(() => {
  installed = Installed.create();
});
afterAll(() => installed.remove());

const HEAD = "import { createRequire } from 'node:module';";

describe.each(nodeBinaries())('in Node.js $version', ({ path }) => {
  test.each(entries)('%s', async (entry) => {
    const program = `${HEAD}
      const esm = await import(${JSON.stringify(entry)});
      const cjs = createRequire(process.cwd() + '/')(${JSON.stringify(entry)});
      const names = Object.keys(cjs);
      const added = ['default', 'module.exports', '__esModule']; // by Node.js
      const other = names.filter((name) => esm[name] !== cjs[name]);
      const more = Object.keys(esm).filter((name) => !names.includes(name) && !added.includes(name));
      console.log(JSON.stringify({ isEmpty: names.length === 0, other, more }));`;
    const options = { node: path, cwd: installed.path };
    const ended = await runNode(['--input-type=module', '--eval', program], options);
    expect(printed(ended)).toEqual({ isEmpty: false, other: [], more: [] });
  });
});
