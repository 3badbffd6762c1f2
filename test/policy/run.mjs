// npm run test:policy [-- --all]: judges the scheduler's policy. Its functions by their properties, by a fuzzer and in the kernel; the whole
// in a simulated machine of 2 to 128 CPUs, after the earlier scheduler has failed there as it did on a real kernel. Prints what failed (--all: every
// row) and `N passed, N failed`. SEED=N takes other random numbers.

import { execFileSync, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const home = fileURLToPath(new URL('.', import.meta.url));
const seed = String(process.env.SEED ?? 1);
const all = process.argv.includes('--all');

const IN_THE_KERNEL = 'in the kernel';

/** The largest machines first: each is a process, and two run at a time. */
const SUITES = [
  ['hints on 128 CPUs', ['build/simulator', '128']],
  ['hints on 64 CPUs', ['build/simulator', '64']],
  ['hints on 32 CPUs', ['build/simulator', '32']],
  ['hints on 16 CPUs', ['build/simulator', '16']],
  ['hints on 8 CPUs', ['build/simulator', '8']],
  ['hints on 2 and 4 CPUs', ['build/simulator', '2', '4']],
  ["the earlier scheduler's failures", ['build/simulator', 'earlier']],
  ['without hints', ['build/simulator', 'fair']],
  ['cgroups', ['build/simulator', 'cgroups']],
  ['properties', ['build/properties', seed]],
  ['fuzzer', ['build/fuzz', '-runs=200000', `-seed=${seed}`, '-artifact_prefix=build/']],
  [IN_THE_KERNEL, ['build/compare', 'build/results.bpf.o', seed]],
];

/** @returns {Promise<{ code: number, output: string }>} */
function run([command, ...args]) {
  return new Promise((resolve) => {
    const child = spawn(command, args, { cwd: home, env: { ...process.env, SEED: seed } });
    let output = '';
    child.stdout.on('data', (data) => {
      output += data;
    });
    child.stderr.on('data', (data) => {
      output += data;
    });
    child.on('close', (code) => resolve({ code: code ?? 1, output }));
  });
}

let passed = 0;
let failed = 0;

/** A suite that says no numbers is one that passed or failed. */
function report(name, { code, output }, seconds) {
  const counts = /^(\d+) passed, (\d+) failed$/m.exec(output);
  const isRight = code === 0;
  const [right, wrong] = counts ? [Number(counts[1]), Number(counts[2])] : [0, 0];
  passed += right + (isRight && !counts ? 1 : 0);
  failed += wrong + (!isRight && wrong === 0 ? 1 : 0);
  console.log(`${isRight ? 'ok    ' : 'FAILED'} ${name}: ${counts?.[0] ?? ''} ${seconds} s`);
  const rows = output.split('\n').filter((line) => /^ {2}(ok|FAILED) /.test(line));
  const shown = rows.filter((line) => all || line.startsWith('  FAILED'));
  if (shown.length > 0) console.log(shown.join('\n'));
  if (!isRight && shown.length === 0) console.log(output.split('\n').slice(-30).join('\n'));
}

execFileSync('make', ['-s', '-j2', 'all'], { cwd: home, stdio: ['ignore', 2, 2] });
console.log(`SEED=${seed}`);
const queue = [...SUITES];
async function work() {
  for (let next = queue.shift(); next; next = queue.shift()) {
    const [name, command] = next;
    if (name === IN_THE_KERNEL && process.getuid() !== 0) {
      console.log(`skipped ${name}: only root may load a BPF program`);
      if (process.env.CI) failed++; // there every test can run
      continue;
    }
    const begun = Date.now();
    report(name, await run(command), ((Date.now() - begun) / 1000).toFixed(1));
  }
}
await Promise.all([work(), work()]);
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed > 0 ? 1 : 0);
