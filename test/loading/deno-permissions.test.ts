// Deno, with every combination of the permissions that hints could need: where one is missing the app and the preload go on, and the
// status says why.

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { otherRuntimes } from '../node-versions/node-binaries.js';
import { Installed } from './installed.js';
import { printed, runNode } from './run-node.js';
import { subsets } from './subsets.js';

const GRANTS = ['--allow-env', '--allow-ffi', '--allow-read', '--allow-sys'];
const deno = otherRuntimes().filter(({ name }) => name === 'Deno');

let installed: Installed;
beforeAll(() => {
  installed = Installed.create();
  installed.write('package.json', '{ "private": true }\n'); // without it Deno does not look into node_modules
});
afterAll(() => {
  installed?.remove();
});

describe.each(deno)('in Deno $version', ({ path }) => {
  test.each(subsets(GRANTS).map((granted) => [granted.join(' ') || 'none', granted] as const))(
    'an app and a preload, with %s',
    async (_, granted) => {
      const preload = ['--require', './node_modules/schedhint/dist/register.cjs'];
      const args = ['run', '--no-prompt', ...granted, ...preload, 'calls.mjs'];
      const ended = await runNode(args, {
        node: path,
        cwd: installed.path,
        env: { NO_COLOR: '1' },
      });
      const mayLoad = granted.includes('--allow-ffi');
      expect(printed(ended)).toEqual({
        source: 'none',
        urgency: 900,
        inFlight: 1,
        codes: mayLoad
          ? ['ERR_MAP_NOT_FOUND', 'ERR_MAP_NOT_FOUND', 'ERR_MAP_NOT_FOUND']
          : ['ERR_ADDON_LOAD', 'ERR_ADDON_LOAD', 'ERR_ADDON_LOAD'],
        reason: mayLoad
          ? expect.stringMatching(/^no map is pinned at \/nonexistent\/uptr: /)
          : 'Deno forbids addons: run it with --allow-ffi',
      });
      expect(ended.stderr.match(/\[SCHEDHINT_ADDON\]/g)?.length ?? 0).toBe(mayLoad ? 0 : 1);
    },
  );
});
