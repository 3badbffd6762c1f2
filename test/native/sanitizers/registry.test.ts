// The addon's registry under ThreadSanitizer, with native threads. Node.js itself has to be built with
// it, so this is a program without Node.js.

import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { BpfReader } from '../../rig/bpf-reader.js';
import { type Bpffs, mountBpffs } from '../../rig/bpffs.js';
import { describeOnKernel } from '../../rig/kernel-support.js';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const here = (file: string) => fileURLToPath(new URL(file, import.meta.url));
const native = join(root, 'packages/native');

/** What needs Node.js, and what hides pthread_create from a sanitizer. */
const NOT_LINKED = 'napi/';

const BUILD_MS = 900_000;

describeOnKernel('the registry under ThreadSanitizer', () => {
  let bpffs: Bpffs;
  let reader: BpfReader;
  let scratch: string;
  let map: string;
  let program: string;

  beforeAll(async () => {
    scratch = mkdtempSync(join(tmpdir(), 'schedhint-sanitizers-'));
    bpffs = mountBpffs();
    reader = await BpfReader.load('sampler', bpffs.path);
    map = `${bpffs.path}/schedhint`;
    const sources = readdirSync(join(native, 'src'), { encoding: 'utf8', recursive: true })
      .filter((file) => file.endsWith('.cc') && !file.startsWith(NOT_LINKED))
      .map((file) => join(native, 'src', file));
    program = join(scratch, 'registry_race');
    const options = ['-std=c++17', '-g', '-O1', '-fsanitize=thread', '-pthread'];
    execFileSync(
      'c++',
      [
        ...options,
        `-I${native}/src`,
        `-I${native}/../../abi/include`,
        ...sources,
        here('registry_race.cc'),
        here('tld_race.cc'),
        '-o',
        program,
      ],
      { stdio: 'pipe' },
    );
  }, BUILD_MS);
  afterAll(async () => {
    await reader?.close();
    bpffs?.unmount();
    rmSync(scratch, { recursive: true, force: true });
  });

  test('native threads attach and end while the map comes and goes', () => {
    const { status, stdout, stderr } = spawnSync(program, [map, '150'], {
      env: { ...process.env, TSAN_OPTIONS: 'exitcode=99' },
      encoding: 'utf8',
    });
    expect({ status, stdout, stderr }).toEqual({
      status: 0,
      stdout: `${program} with ThreadSanitizer: 0 threads, 0 bindings, 0 bound, 0 used\n`,
      stderr: '',
    });
  });
});
