// Under a real Node.js for musl: the addon that is built for musl is chosen and works on this kernel; the one for glibc is refused, and never a crash.

import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Bpffs, mountBpffs } from '../../rig/bpffs.js';
import { LineProcess } from '../../rig/json-lines-process.js';
import { describeOnKernel } from '../../rig/kernel-support.js';
import { Observer } from '../../rig/observer-process.js';
import { until } from '../../rig/until.js';
import { linkLazyAddon } from './lazy-addon.js';
import { muslNode } from './musl-node.js';

const root = fileURLToPath(new URL('../../..', import.meta.url));
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
    code: 'ERR_SCHEDHINT_ADDON_LOAD',
    reason: expect.stringMatching(
      /^loading \/.*schedhint\.node failed: .*__register_atfork: symbol not found: this Node\.js is for musl \(Alpine\), and its addon must be, too: correct SCHEDHINT_ADDON/,
    ),
  };
  const warning = expect.stringMatching(/^\(node:\d+\) \[SCHEDHINT_ADDON\] Warning: .* for musl/);
  /** The addon for glibc. */
  const FOREIGN = { SCHEDHINT_ADDON: join(root, 'packages/native/build/Release/schedhint.node') };

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

  describe.each([
    ['the addon for musl, chosen automatically', {}],
    ['the addon for glibc, named', FOREIGN],
  ])('%s', (_, env) => {
    test('a preload changes nothing that an app sees', () => {
      const app = ['-e', 'console.log("app"); process.exitCode = 3'];
      for (const preload of ['--require', '--import']) {
        expect(run(musl, [preload, 'schedhint/register', ...app], env), preload).toEqual({
          status: 3,
          signal: null,
          stdout: 'app\n',
          stderr: '',
        });
      }
    });
  });

  test.each([
    ['require()', ['-e', `const { startGcHints } = require('schedhint'); ${LOOK}`]],
    ['import', ['--input-type=module', '-e', `import { startGcHints } from 'schedhint'; ${LOOK}`]],
  ])('%s: works, or says why not and what to do, in one warning', (_, args) => {
    const works = { source: 'v8', code: 'ERR_SCHEDHINT_MAP_NOT_FOUND' };
    // With libstdc++ where the loader finds it, as on Alpine, and without.
    for (const node of [musl, muslNode({ findsCxx: false })]) {
      const { status, stdout, stderr } = run(node, args, { SCHEDHINT_MAP: '/nonexistent/map' });
      expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
      expect(JSON.parse(stdout)).toMatchObject(works);
    }
    const { status, signal, stdout, stderr } = run(musl, args, FOREIGN);
    expect({ status, signal }, stderr).toEqual({ status: 0, signal: null });
    expect(JSON.parse(stdout)).toEqual(refused);
    expect(stderr).toEqual(warning);
    expect(stderr.match(/\[SCHEDHINT_ADDON\]/g)).toHaveLength(1);
  });

  test('a worker, with and without a preload, where the addon for glibc is named', () => {
    const file = fileURLToPath(new URL('programs/worker.cjs', import.meta.url));
    for (const preload of [[], ['--require', 'schedhint/register']]) {
      const { status, signal, stdout, stderr } = run(musl, [...preload, file], FOREIGN);
      expect({ status, signal }, stderr).toEqual({ status: 0, signal: null });
      const lines = stdout.trim().split('\n');
      expect(lines.map((line) => JSON.parse(line))).toEqual([refused, refused]);
      expect(stderr).toEqual(warning);
    }
  });

  describeOnKernel('on a kernel with __uptr', () => {
    let bpffs: Bpffs;
    let observer: Observer;
    let map: string;
    beforeAll(async () => {
      bpffs = mountBpffs();
      map = `${bpffs.path}/schedhint`;
      observer = await Observer.start(map);
    });
    afterAll(async () => {
      await observer?.stop();
      bpffs?.unmount();
    });

    const program = (name: string) => fileURLToPath(new URL(`programs/${name}`, import.meta.url));
    const env = () => ({ SCHEDHINT_MAP: map, SCHEDHINT_BROKER: '', NODE_OPTIONS: '' });

    /** Those of a process that the kernel knows, and that have not ended. */
    const seenOf = async (pid: number) =>
      (await observer.threads()).filter(
        ({ tgid, kind, exited }) => tgid === pid && kind === 'js' && !exited,
      );

    test('a preload: collections are seen', async () => {
      const [command, ...args] = [...musl, '--require', 'schedhint/register'];
      const file = fileURLToPath(new URL('programs/plain.cjs', import.meta.url));
      const child = new LineProcess(command!, [...args, file], { cwd: root, env: env() });
      await child.next();
      const seen = () => seenOf(child.pid);
      await until('it collects', async () => (await seen()).some((t) => t.gcCount > 0), seen);
      expect(await child.end()).toEqual({ code: 0, rest: [], stderr: '' });
    });

    test('main thread and three workers: hints, collections, termination, exit', async () => {
      const [command, ...args] = [...musl, program('workers.cjs')];
      const child = new LineProcess(command!, args, { cwd: root, env: env() });
      const { threads } = (await child.next()) as { threads: { tid: number; urgency: number }[] };
      expect(threads).toHaveLength(4);
      const seen = () => seenOf(child.pid);
      for (const { tid, urgency, ...rest } of threads) {
        expect(rest).toEqual({ source: 'v8', state: 'bound' });
        const matches = (t: Awaited<ReturnType<typeof seen>>[number]) =>
          t.tid === tid && t.hints.urgency === urgency && t.gcCount > 0;
        await until(`the kernel sees ${tid}`, async () => (await seen()).some(matches), seen);
      }
      child.send('terminate');
      expect(await child.next()).toEqual({ terminated: 3, state: 'bound' });
      await until('one is left', async () => (await seen()).length === 1, seen);
      expect(await child.end()).toEqual({ code: 0, rest: [], stderr: '' });
    });

    test('doctor passes the addon, and fails with its reason where that for glibc is named', () => {
      const doctor = ['packages/schedhint/bin/schedhint.js', 'doctor'];
      const said = run(musl, doctor, { ...env(), NO_COLOR: '1' });
      expect(said.stdout).toMatch(/pass +addon /);
      expect(said.stdout).toMatch(/pass +map /);
      const foreign = run(musl, doctor, { ...FOREIGN, NO_COLOR: '1' });
      expect(foreign.status).toBe(1);
      expect(foreign.stdout).toMatch(/fail +addon +.*__register_atfork: symbol not found/);
    });
  });
});
