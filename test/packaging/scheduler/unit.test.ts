// The systemd unit of @schedhint/scheduler, as systemd reads it.

import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const UNIT = fileURLToPath(
  new URL('../../../packages/scheduler/schedhint-scheduler.service', import.meta.url),
);
const text = readFileSync(UNIT, 'utf8');
const hasSystemd = spawnSync('systemd-analyze', ['--version']).status === 0;
if (!hasSystemd) console.warn('skipped: this machine has no systemd-analyze to judge the unit');

/** What systemd complains about; the program exists where a service is installed, and not here. */
function complaints(unit: string): string[] {
  const scratch = mkdtempSync(join(tmpdir(), 'schedhint-unit-'));
  try {
    const file = join(scratch, basename(UNIT));
    writeFileSync(file, unit.replace(/^ExecStart=\S+/m, `ExecStart=${process.execPath}`));
    const { stderr } = spawnSync('systemd-analyze', ['verify', '--man=no', file], {
      encoding: 'utf8',
    });
    return stderr.split('\n').filter((line) => line !== '');
  } finally {
    rmSync(scratch, { recursive: true });
  }
}

test.runIf(hasSystemd)('systemd takes each line of it, and would not take a wrong one', () => {
  expect(complaints(text)).toEqual([]);
  const wrong = complaints(text.replace('Restart=on-abnormal', 'Restart=sometimes'));
  expect(wrong.join('\n')).toContain('sometimes');
});

test('only what the kernel ended is started again, and not for ever', () => {
  expect(text).toMatch(/^Restart=on-abnormal$/m); // signals and timeouts; no exit status
  expect(text).toMatch(/^RestartForceExitStatus=75$/m);
  expect(text).toMatch(/^StartLimitBurst=\d+$/m);
});
