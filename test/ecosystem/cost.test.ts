// docs/requests.md sends its reader to a program for what tracking costs: it prints a figure for each call.

import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

test('examples/http/cost.mjs prints nanoseconds', () => {
  const program = fileURLToPath(new URL('../../examples/http/cost.mjs', import.meta.url));
  const env = { ...process.env, NODE_OPTIONS: '' };
  const said = execFileSync(process.execPath, [program, '100'], { encoding: 'utf8', env });
  const [title, ...rows] = said.trimEnd().split('\n');
  expect(title).toBe(`Node.js ${process.version}, nanoseconds:`);
  expect(rows).toHaveLength(5);
  for (const row of rows) expect(row).toMatch(/^ *[1-9]\d* {2}\S/);
});
