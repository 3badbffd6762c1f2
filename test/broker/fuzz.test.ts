// libFuzzer on what reads clients' bytes: the parser alone, and the whole broker with a played map.
// In CI for a minute, else for some seconds; `make fuzzers` builds them for longer runs.

import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { describeOnKernel } from '../rig/kernel-support.js';

const here = fileURLToPath(new URL('.', import.meta.url));
const share = process.env.CI ? 1 : 0.1;

describeOnKernel('fuzzing the broker', () => {
  let scratch: string;

  beforeAll(() => {
    scratch = mkdtempSync(join(tmpdir(), 'schedhint-fuzz-'));
  });
  afterAll(() => rmSync(scratch, { recursive: true, force: true }));

  test.each([
    ['request', 20],
    ['session', 40],
  ])('%s: nothing crashes, nothing is left', (name, seconds) => {
    execFileSync('make', ['-s', '-C', here, `build/${name}_fuzz`], { stdio: 'pipe' });
    const corpus = join(scratch, name);
    cpSync(join(here, 'corpus', name), corpus, { recursive: true });
    const { status, stderr } = spawnSync(
      join(here, 'build', `${name}_fuzz`),
      [
        corpus,
        `-max_total_time=${seconds * share}`,
        `-artifact_prefix=${scratch}/`,
        '-max_len=1024',
        '-detect_leaks=0', // it would look for them at every run; what is held is checked anyway
        '-close_fd_mask=2', // the broker's own log
      ],
      { encoding: 'utf8', maxBuffer: 2 ** 28 },
    );
    const tail = stderr.slice(-4000);
    expect({ status, tail }).toEqual({ status: 0, tail: expect.stringMatching(/Done \d+ runs/) });
  });
});
