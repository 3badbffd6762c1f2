// npm run test:vm: boots each kernel and runs the tests of test/vm/guest in it: all of them in the
// first, and in the others those that tell whether the schedulers load there and see collections.
// Ends with `N passed, N failed`. Arguments are names of test files, for all: npm run test:vm -- hints
//
// NAME.long.test.mjs takes minutes, and runs only when it is named: npm run test:vm -- service
// NAME.icount.test.mjs measures: it runs in a VM whose time counts instructions, so that the load of
// this machine does not matter. The others ask only whether something works, and get the faster VM.

import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { walkForVm } from '../walks/author-walk.mjs';
import { kernelImage, prepareImages } from './image.mjs';
import { runInVm, VM_DIED } from './machine.mjs';
import { countTests } from './report.mjs';

const GUEST = fileURLToPath(new URL('guest', import.meta.url));
const KERNELS = (process.env.SCHEDHINT_VM_KERNELS ?? 'newest 6.17').split(' ');
/** A bound for a VM that hangs, not a limit on speed. */
const SECONDS = 1800;

const ALL = [''];
const IN_OTHERS = ['fifo', 'collections', 'fitted', 'kernel', 'verifier'];
const named = process.argv.slice(2);

function testFiles(wanted) {
  return readdirSync(GUEST)
    .filter((name) => named.length > 0 || !name.endsWith('.long.test.mjs'))
    .filter((name) => name.endsWith('.test.mjs') && wanted.some((part) => name.includes(part)))
    .map((name) => relative(process.cwd(), join(GUEST, name)));
}

/** One VM for those that measure and one for the others, if there are any. */
function vmsFor(files) {
  return [false, true]
    .map((icount) => ({
      icount,
      files: files.filter((name) => name.endsWith('.icount.test.mjs') === icount),
    }))
    .filter((vm) => vm.files.length > 0);
}

async function testKernel(vmlinux, { icount, files }) {
  const out = mkdtempSync(join(tmpdir(), 'schedhint-test-vm-'));
  const command = [
    ...[process.execPath, '--test', '--test-concurrency=1'],
    ...['--test-reporter=spec', '--test-reporter-destination=stdout'],
    ...['--test-reporter=tap', '--test-reporter-destination=/run/out/report.tap'],
    ...files,
  ];
  try {
    const code = await runInVm({
      vmlinux,
      command,
      out,
      icount,
      seconds: SECONDS,
      onOutput: (chunk) => process.stdout.write(chunk),
    });
    if (code === VM_DIED) return null;
    const { passed, failed } = countTests(readFileSync(join(out, 'report.tap'), 'utf8'));
    return { passed, failed: code === 0 ? failed : Math.max(failed, 1) };
  } catch (error) {
    console.error(`vm: ${error.message}`);
    return { passed: 0, failed: 1 };
  } finally {
    rmSync(out, { recursive: true, force: true });
  }
}

let passed = 0;
let failed = 0;
try {
  prepareImages(KERNELS);
  if (testFiles(named.length > 0 ? named : ALL).some((file) => file.endsWith('/fifo.test.mjs'))) {
    walkForVm();
  }
  for (const [i, kernel] of KERNELS.entries()) {
    const image = kernelImage(kernel);
    if ('missing' in image) {
      console.log(`\n== kernel ${kernel}: not tested, ${image.missing}`);
      if (kernel === 'newest') failed++;
      continue;
    }
    console.log(`\n== kernel ${kernel}: ${image.package}`);
    const wanted = named.length > 0 ? named : i === 0 ? ALL : IN_OTHERS;
    for (const vm of vmsFor(testFiles(wanted))) {
      const counts = await testKernel(image.vmlinux, vm);
      passed += counts?.passed ?? 0;
      failed += counts?.failed ?? 1;
    }
  }
} catch (error) {
  console.error(`vm: ${error.message}`);
  failed++;
}
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed > 0 ? 1 : 0;
