// Deno, with every combination of the permissions that hints could need: where one is missing the app and the preload go on, and the
// status says why.

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { otherRuntimes } from '../node-versions/node-binaries.js';
import { DENO_SUBSETS, problemInDeno } from './deno-permissions.js';
import { Installed } from './installed.js';

let installed: Installed;
beforeAll(() => {
  installed = Installed.create();
  installed.write('package.json', '{ "private": true }\n'); // without it Deno does not look into node_modules
});
afterAll(() => {
  installed?.remove();
});

const denos = otherRuntimes().filter(({ name }) => name === 'Deno');
describe.each(denos)('in Deno $version', ({ path }) => {
  const named = DENO_SUBSETS.map((granted) => [granted.join(' ') || 'none', granted] as const);
  test.each(named)('an app and a preload, with %s', async (_, granted) => {
    expect(await problemInDeno(path, granted, installed.path)).toBe(null);
  });
});
