// boot.ts KERNEL PAGE_BYTES: boots a kernel for arm64 under QEMU and runs the tests of guest/ there, against the packed packages as npm
// installs them. The kernel's page must have that size.

import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { kernelImage, prepareImages } from '../../vm/image.mjs';
import { runInVm } from '../../vm/machine.mjs';
import { failedTests } from '../../vm/report.mjs';
import { printResult } from '../row.js';
import { GuestSystem, TESTS } from './guest-system.js';

/** A bound for a VM that hangs, not a limit on speed. */
const SECONDS = 2000;

const [kernel, pageBytes] = process.argv.slice(2) as [string, string];

function testCommand(linux: string): string[] {
  const names = readdirSync(new URL('guest', import.meta.url));
  const tests = names.filter((name) => name.endsWith('.test.mjs'));
  return [
    ...['env', `EXPECTED_PAGE_BYTES=${pageBytes}`, `EXPECTED_LINUX=${linux}`],
    ...['node', '--test', '--test-concurrency=1'],
    ...['--test-reporter=spec', '--test-reporter-destination=stdout'],
    ...['--test-reporter=tap', '--test-reporter-destination=/run/out/report.tap'],
    ...tests.map((name) => `${TESTS}/${name}`),
  ];
}

/** What the tests noted, a line each. */
function readNotes(out: string, name: string): string {
  return readFileSync(join(out, name), 'utf8').trim().replaceAll('\n', '; ');
}

await printResult(async () => {
  prepareImages([kernel]);
  const image = kernelImage(kernel);
  if ('missing' in image) throw new Error(image.missing);
  const system = GuestSystem.create();
  const out = mkdtempSync(join(tmpdir(), 'schedhint-arm64-'));
  try {
    const code = await runInVm({
      vmlinux: image.vmlinux,
      processor: image.processor,
      system,
      command: testCommand(image.package.replace(/^linux-[a-z]+-/, '')),
      out,
      seconds: SECONDS,
      onOutput: (chunk) => process.stderr.write(chunk), // stdout has the row's result
    });
    if (code !== 0) {
      const failed = failedTests(readFileSync(join(out, 'report.tap'), 'utf8'));
      throw new Error(`failed in the guest, which ended with ${code}: ${failed.join('; ')}`);
    }
    return { versions: readNotes(out, 'versions'), found: readNotes(out, 'found') };
  } finally {
    rmSync(out, { recursive: true, force: true });
    system.remove();
  }
});
