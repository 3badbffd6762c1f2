// Stalls under a quota of a cgroup of version 2, which this machine's own kernel may not have its CPU controller in: judged as npm run
// test:stalls does.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { track } from './programs.mjs';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));

test('what was throttled by cpu.max is reported so, alone and with own code', async () => {
  const run = ['--import', 'ts-blank-space/register', 'test/stalls/run.ts'];
  const judged = track(
    spawn(process.execPath, [...run, '--privileged', 'quota'], {
      cwd: ROOT,
      env: { ...process.env, CI: 'true' }, // it may not be skipped
      stdio: ['ignore', 'inherit', 'inherit'],
    }),
  );
  const [code] = await once(judged, 'exit');
  assert.equal(code, 0);
});
