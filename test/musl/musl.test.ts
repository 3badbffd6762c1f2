// The prebuilt addon is for glibc. Under a Node.js for musl that must be a status and a warning, never a crash.

import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { linkLazyAddon } from './lazy-addon.js';
import { muslNode } from './musl-node.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
const isX64Linux = process.platform === 'linux' && process.arch === 'x64';
if (!isX64Linux) console.warn('skipped: musl: the Node.js for musl is for linux-x64');

/** Runs a Node.js in the checkout. */
function run(node: readonly string[], args: readonly string[], env: NodeJS.ProcessEnv = {}) {
  const [command, ...before] = node as [string, ...string[]];
  const { status, signal, stdout, stderr } = spawnSync(command, [...before, ...args], {
    cwd: root,
    encoding: 'utf8',
    env: { ...process.env, NODE_OPTIONS: '', ...env },
  });
  return { status, signal, stdout, stderr };
}

/** What an application sees, as one line of JSON. */
const LOOK = `
  const { thread, source } = startGcHints();
  thread.hints.urgency = 900;
  console.log(JSON.stringify({ source, ...thread.status }));`;

describe.runIf(isX64Linux)('under a Node.js for musl', () => {
  let musl: string[];
  let scratch: string;
  let lazy: string;
  beforeAll(() => {
    musl = muslNode();
    scratch = mkdtempSync(join(tmpdir(), 'schedhint-musl-'));
    lazy = join(scratch, 'lazy.node');
    linkLazyAddon(lazy);
  });
  afterAll(() => {
    rmSync(scratch, { recursive: true, force: true });
  });

  const refused = {
    source: 'none',
    state: 'unavailable',
    code: 'ERR_ADDON_LOAD',
    reason: expect.stringMatching(
      /^loading \/.*schedhint\.node failed: .*__register_atfork: symbol not found: .*another C library than glibc.*: run a Node\.js for glibc/,
    ),
  };
  const warning = expect.stringMatching(/^\(node:\d+\) \[SCHEDHINT_ADDON\] Warning: .*glibc/);

  test('its C library is musl, and nothing of glibc is loaded', () => {
    const look = `
      const { glibcVersionRuntime } = process.report.getReport().header;
      const maps = require('node:fs').readFileSync('/proc/self/maps', 'utf8');
      const files = new Set(maps.match(/[^/\\n]+\\.so[^/\\n]*$/gm));
      console.log(JSON.stringify({ glibcVersionRuntime, files: [...files] }));`;
    const { stdout } = run(musl, ['-e', look]);
    const { glibcVersionRuntime, files } = JSON.parse(stdout);
    expect(glibcVersionRuntime).toBeUndefined();
    expect(files).toContain('libc.so');
    expect(files).toContainEqual(expect.stringMatching(/^libstdc\+\+/));
    expect(files.filter((file: string) => /^(libc\.so\.6|libc-2|ld-linux)/.test(file))).toEqual([]);
  });

  // Without this the other tests would also pass where the loader does not find libstdc++.
  test('an addon with lazy binding loads there, and ends the process by SIGSEGV', () => {
    const loadOnly = `process.dlopen({ exports: {} }, ${JSON.stringify(lazy)}); console.log('loaded')`;
    expect(run(musl, ['-e', loadOnly])).toMatchObject({ status: 0, stdout: 'loaded\n' });
    const env = { SCHEDHINT_ADDON: lazy };
    const attach = 'require("schedhint").attachThread()';
    expect(run(musl, ['-e', attach], env)).toMatchObject({ signal: 'SIGSEGV' });
    expect(run([process.execPath], ['-e', attach], env)).toMatchObject({ status: 0, stderr: '' });
  });

  test('a preload changes nothing', () => {
    const app = ['-e', 'console.log("app")'];
    const preloads = [
      ['--require', 'schedhint/register'],
      ['--import', 'schedhint/register'],
    ];
    for (const preload of preloads) {
      expect(run(musl, [...preload, ...app]), preload[0]!).toEqual({
        status: 0,
        signal: null,
        stdout: 'app\n',
        stderr: '',
      });
    }
  });

  test.each([
    ['require()', ['-e', `const { startGcHints } = require('schedhint'); ${LOOK}`]],
    ['import', ['--input-type=module', '-e', `import { startGcHints } from 'schedhint'; ${LOOK}`]],
  ])('%s: the status says why and what to do, and one warning does', (_, args) => {
    const { status, signal, stdout, stderr } = run(musl, args);
    expect({ status, signal }, stderr).toEqual({ status: 0, signal: null });
    expect(JSON.parse(stdout)).toEqual(refused);
    expect(stderr).toEqual(warning);
    expect(stderr.match(/SCHEDHINT_ADDON/g)).toHaveLength(1);
  });

  test('a worker, with and without a preload', () => {
    const file = fileURLToPath(new URL('programs/worker.cjs', import.meta.url));
    for (const preload of [[], ['--require', 'schedhint/register']]) {
      const { status, signal, stdout, stderr } = run(musl, [...preload, file]);
      expect({ status, signal }, stderr).toEqual({ status: 0, signal: null });
      const lines = stdout.trim().split('\n');
      expect(lines.map((line) => JSON.parse(line))).toEqual([refused, refused]);
      expect(stderr).toEqual(warning);
    }
  });

  test('doctor fails, with the reason', () => {
    const doctor = ['packages/schedhint/bin/schedhint.js', 'doctor'];
    const { status, signal, stdout } = run(musl, doctor, { NO_COLOR: '1' });
    expect({ status, signal }).toEqual({ status: 1, signal: null });
    expect(stdout).toMatch(/fail +addon +.*__register_atfork: symbol not found/);
    expect(stdout).toMatch(/run a Node\.js for glibc/);
  });
});
