// The addon under AddressSanitizer and UndefinedBehaviorSanitizer, with the programs of
// test/node-versions; its registry under ThreadSanitizer, with native threads.

import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { describeOnKernel } from '../kernel/ability.js';
import { BpfReader } from '../kernel/bpf-reader.js';
import { type Bpffs, mountBpffs } from '../kernel/bpffs.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
const here = (file: string) => fileURLToPath(new URL(file, import.meta.url));
const native = join(root, 'packages/native');

/** What a sanitizer says makes the program fail; what is leaked on purpose does not. */
const OPTIONS = {
  ASAN_OPTIONS: 'detect_leaks=0:abort_on_error=0:exitcode=99',
  UBSAN_OPTIONS: 'halt_on_error=1:print_stacktrace=1:exitcode=99',
  TSAN_OPTIONS: 'exitcode=99',
};

/** N-API's surface, and what hides pthread_create from a sanitizer. */
const NOT_LINKED = [
  'addon.cc',
  'attachment.cc',
  'channel_requests.cc',
  'environment.cc',
  'glibc_floor.cc',
];

describeOnKernel('sanitizers', () => {
  let bpffs: Bpffs;
  let reader: BpfReader;
  let scratch: string;
  let map: string;

  beforeAll(async () => {
    scratch = mkdtempSync(join(tmpdir(), 'schedhint-sanitizers-'));
    bpffs = mountBpffs();
    reader = await BpfReader.load('sampler', bpffs.path);
    map = `${bpffs.path}/schedhint`;
  });
  afterAll(async () => {
    await reader?.close();
    bpffs?.unmount();
    rmSync(scratch, { recursive: true, force: true });
  });

  test('the addon, in main threads and in workers that end at any moment', () => {
    const cmakeJs = join(
      dirname(createRequire(import.meta.url).resolve('cmake-js/package.json')),
      'bin/cmake-js',
    );
    const build = [cmakeJs, 'compile', '--log-level', 'error', '-O', scratch];
    execFileSync(process.execPath, [...build, '--CDSCHEDHINT_SANITIZE=address,undefined'], {
      cwd: native,
      stdio: 'pipe',
    });
    const library = (name: string) =>
      execFileSync('c++', [`-print-file-name=${name}`], { encoding: 'utf8' }).trim();
    const env = {
      ...process.env,
      ...OPTIONS,
      NODE_OPTIONS: `--require ${here('use-addon.cjs')}`,
      TEST_ADDON: join(scratch, 'Release/schedhint.node'),
      LD_PRELOAD: `${library('libasan.so')} ${library('libubsan.so')}`,
    };
    for (const [program, ...args] of [['addon.mjs'], ['churn.mjs', '60']] as const) {
      const file = join(root, 'test/node-versions/programs', program);
      const { status, stdout, stderr } = spawnSync(process.execPath, [file, map, ...args], {
        env,
        encoding: 'utf8',
      });
      expect({ program, status, output: stdout + stderr }).toEqual({
        program,
        status: 0,
        output: '',
      });
    }
  });

  test('the registry, with native threads that attach and end while the map comes and goes', () => {
    const sources = readdirSync(join(native, 'src'))
      .filter((file) => file.endsWith('.cc') && !NOT_LINKED.includes(file))
      .map((file) => join(native, 'src', file));
    const program = join(scratch, 'registry_race');
    const options = ['-std=c++17', '-g', '-O1', '-fsanitize=thread', '-pthread'];
    execFileSync(
      'c++',
      [
        ...options,
        `-I${native}/src`,
        ...sources,
        here('registry_race.cc'),
        here('tld_race.cc'),
        '-o',
        program,
      ],
      { stdio: 'pipe' },
    );
    const { status, stdout, stderr } = spawnSync(program, [map, '150'], {
      env: { ...process.env, ...OPTIONS },
      encoding: 'utf8',
    });
    expect({ status, stdout, stderr }).toEqual({
      status: 0,
      stdout: '0 threads, 0 bindings, 0 bound, 0 used\n',
      stderr: '',
    });
  });
});
