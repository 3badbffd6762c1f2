// What the root loads by the first call, where no file can be opened: a typed error says so, and a later call works.

import { afterAll, beforeAll, expect, test } from 'vitest';
import { nodeBinaries } from '../node-versions/node-binaries.js';
import { Installed } from './installed.js';
import { printed, runNode } from './run-node.js';

let installed: Installed;
beforeAll(() => {
  installed = Installed.create();
});
afterAll(() => installed.remove());

test.each(nodeBinaries())('Node.js $version', async ({ path }) => {
  const app = installed.write(
    'no-descriptor.cjs',
    `const { closeSync, openSync } = require('node:fs');
    const { trackRequests, watchStalls } = require('schedhint');
    const codeOf = (call) => {
      try {
        call().stop();
        return null;
      } catch ({ code, message }) {
        return { code, message };
      }
    };
    const open = [];
    try {
      for (;;) open.push(openSync('/dev/null'));
    } catch ({ code }) {
      if (code !== 'EMFILE') throw code;
    }
    const requests = codeOf(() => trackRequests());
    const stalls = codeOf(() => watchStalls());
    for (const descriptor of open) closeSync(descriptor);
    console.log(JSON.stringify({ requests, stalls, again: [codeOf(() => trackRequests()), codeOf(() => watchStalls())] }));`,
  );
  const ended = await runNode(['-c', `ulimit -n 64; exec "$0" "$1"`, path, app], { node: 'sh' });
  const failed = (call: string) => ({
    code: 'ERR_SCHEDHINT_NOT_LOADED',
    message: expect.stringMatching(`^${call}\\(\\): .+ could not be loaded: .+ Call it earlier`),
  });
  expect(printed(ended)).toEqual({
    requests: failed('trackRequests'),
    stalls: failed('watchStalls'),
    again: [null, null],
  });
});
