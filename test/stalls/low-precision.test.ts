// Stalls without the addon, measured by a timer.

import { fileURLToPath } from 'node:url';
import type { Stall } from 'schedhint';
import { describe, expect, test } from 'vitest';
import { nodeBinaries } from '../packaging/node-versions/node-binaries.js';
import { run, WITHOUT_ADDON } from './made-stall.js';

const PROGRAM = fileURLToPath(new URL('programs/two-stalls.cjs', import.meta.url));

describe.each(nodeBinaries())('Node.js $version', ({ path }) => {
  test('a report leaves the collections of the next stall to its report', async () => {
    const { stderr } = await run(path, ['--require', 'schedhint/register', PROGRAM], {
      ...WITHOUT_ADDON,
      SCHEDHINT_STALLS: '50,json',
    });
    const stalls = stderr
      .split('\n')
      .filter((line) => line.startsWith('{'))
      .map((line) => JSON.parse(line) as Stall);
    const [first, second] = stalls.slice(-2);
    expect(first!.gc.major.count, stderr).toBe(0);
    expect(second!.gc.major.count, stderr).toBeGreaterThan(0);
    // Not of all of the stall: on a busy machine much of it is no CPU.
    expect(second!.parts.gc).toBeGreaterThan(second!.parts.code);
  });
});
