// The addon under AddressSanitizer, UndefinedBehaviorSanitizer and LeakSanitizer, in main threads and
// in workers: attach, status, collections, terminate(), exit. No leak is suppressed.

import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { BpfReader } from '../../rig/bpf-reader.js';
import { type Bpffs, mountBpffs } from '../../rig/bpffs.js';
import { describeOnKernel } from '../../rig/kernel-support.js';
import { buildGate } from '../../terminate/build-gate.js';

const here = (file: string) => fileURLToPath(new URL(file, import.meta.url));
const native = here('../../../packages/native');
const addon = join(native, 'build/sanitized/Release/schedhint.node');
const FAULT = 99;
const NOT_LOADED = 98;
/** Seldom the tracer of GCC 12's LeakSanitizer itself crashes, and has not looked: google/sanitizers#1353. */
const TRACER_CRASHED =
  /^Tracer caught signal 11: .*\n==\d+==LeakSanitizer has encountered a fatal error/;
const MOST_RUNS = 3;
const BUILD_MS = 900_000;

/** Of the compiler: preloaded, since Node.js itself has none. */
const sanitizers = ['libasan.so', 'libubsan.so'].map((name) =>
  execFileSync('c++', [`-print-file-name=${name}`], { encoding: 'utf8' }).trim(),
);

function buildSanitized(): void {
  const home = dirname(createRequire(import.meta.url).resolve('cmake-js/package.json'));
  const build = [join(home, 'bin/cmake-js'), 'compile', '--log-level', 'error'];
  execFileSync(
    process.execPath,
    [...build, '-O', 'build/sanitized', '--CDSCHEDHINT_SANITIZE=address,undefined'],
    { cwd: native, stdio: 'pipe' },
  );
}

describeOnKernel('the sanitized addon', () => {
  let bpffs: Bpffs;
  let reader: BpfReader;
  let scratch: string;
  let gate: string;
  let map: string;
  let loaded: string;

  beforeAll(async () => {
    scratch = mkdtempSync(join(tmpdir(), 'schedhint-sanitizers-'));
    loaded = join(scratch, 'loaded');
    buildSanitized();
    gate = buildGate(scratch);
    bpffs = mountBpffs();
    reader = await BpfReader.load('sampler', bpffs.path);
    map = `${bpffs.path}/schedhint`;
  }, BUILD_MS);
  beforeEach(() => writeFileSync(loaded, ''));
  afterAll(async () => {
    await reader?.close();
    bpffs?.unmount();
    rmSync(scratch, { recursive: true, force: true });
  });

  /** Runs a program. Every process of it must have said that it has the sanitized addon. */
  function run(
    program: string,
    args: string[],
    environment: Record<string, string> = {},
    runs = 1,
  ): { status: number | null; stdout: string; stderr: string; sanitized: boolean } {
    const { pid, status, stdout, stderr } = spawnSync(process.execPath, [program, ...args], {
      env: {
        ...process.env,
        ASAN_OPTIONS: `detect_leaks=1:abort_on_error=0:exitcode=${FAULT}`,
        UBSAN_OPTIONS: `halt_on_error=1:print_stacktrace=1:exitcode=${FAULT}`,
        NODE_OPTIONS: `--require ${here('assert-loaded.cjs')}`,
        SCHEDHINT_ADDON: addon,
        LOADED_LOG: loaded,
        LD_PRELOAD: sanitizers.join(' '),
        ...environment,
      },
      encoding: 'utf8',
    });
    if (TRACER_CRASHED.test(stderr) && runs < MOST_RUNS) {
      console.log(`${stderr}run once more`);
      writeFileSync(loaded, '');
      return run(program, args, environment, runs + 1);
    }
    const sanitized = readFileSync(loaded, 'utf8') === `${pid}\n`;
    return { status, stdout, stderr, sanitized };
  }

  const program = (name: string) => here(`../../packaging/node-versions/programs/${name}`);
  const fine = { status: 0, stdout: '', stderr: '', sanitized: true };

  test('attaches, says its status, collects while another thread looks', () => {
    expect(run(program('addon.mjs'), [map])).toEqual(fine);
  });

  test('in workers that end at any moment', () => {
    expect(run(program('churn.mjs'), [map, '60'])).toEqual(fine);
  });

  test('in a process that exits in the middle of them', () => {
    // Node.js does not free what its workers have then.
    const ASAN_OPTIONS = `detect_leaks=0:exitcode=${FAULT}`;
    const ended = run(program('churn.mjs'), [map, '16', 'exit'], { ASAN_OPTIONS });
    expect(ended).toEqual({ ...fine, status: 7 });
  });

  test.each([
    'init',
    'attach',
    'page',
    'status',
    'readMapBtf',
    'onStatusChange, the watcher',
    'schedhint/register',
    'thread.status',
    'thread.onStatus()',
    'the end of the worker',
  ])('in workers that are terminated inside: %s', (entry) => {
    const times = 8;
    const terminate = here('../../terminate/programs/terminate.cjs');
    const { stdout, ...rest } = run(terminate, [gate, addon, map, entry, `${times}`, '0']);
    expect({ ...rest, stdout: '' }).toEqual(fine);
    expect(stdout.match(/"inside"/g)).toHaveLength(times);
  });

  // What the tests above rest on.
  test('a leak is found', () => {
    const { status, stderr } = run(write('gate.exports.leak()'), [gate]);
    expect(status).toBe(FAULT);
    expect(stderr).toContain('Direct leak of 4321 byte(s) in 1 object(s)');
  });

  test('the ordinary addon next to it is found', () => {
    const ordinary = join(native, `prebuilds/linux-${process.arch}/schedhint.node`);
    const loading = write(`process.dlopen({ exports: {} }, ${JSON.stringify(ordinary)})`);
    const { status, stderr, sanitized } = run(loading, [gate]);
    expect({ status, sanitized }).toEqual({ status: NOT_LOADED, sanitized: false });
    expect(stderr).toContain(ordinary);
  });

  /** A program that loads the addon and then does something. */
  function write(statement: string): string {
    const file = join(scratch, 'program.cjs');
    const entry = createRequire(import.meta.url).resolve('@schedhint/native');
    writeFileSync(
      file,
      `const gate = { exports: {} };
      process.dlopen(gate, process.argv[2]);
      require(${JSON.stringify(entry)}).loadAddon();
      ${statement};`,
    );
    return file;
  }
});
