// The addon is missing, or does not load, in each way that was seen or could be thought of: the app goes on, nothing is
// started, and the status says why and what to do.

import {
  copyFileSync,
  mkdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { mountBpffs } from '../../rig/bpffs.js';
import { describeOnKernel } from '../../rig/kernel-support.js';
import { Observer } from '../../rig/observer-process.js';
import { nodeBinaries } from '../node-versions/node-binaries.js';
import { BUILT_ADDON, Installed } from './installed.js';
import { printed, runNode } from './run-node.js';

const E_MACHINE = 18;
const ANOTHER_MACHINE = 8; // MIPS
const size = readFileSync(BUILT_ADDON).length;
/** An addon of somebody else's, which the tests' own tools bring. */
const foreignAddon = createRequire(createRequire(import.meta.url).resolve('vitest')).resolve(
  `@rolldown/binding-linux-${process.arch}-gnu`,
);

interface Failure {
  readonly code: string;
  readonly reason: RegExp;
  /** Does it to the addon's file. */
  readonly make: (file: string) => void;
}

const cutTo = (bytes: number): Failure => ({
  code: 'ERR_SCHEDHINT_ADDON_LOAD',
  reason: bytes === 0 ? /file too short: install @sched/ : /the file is incomplete: install @sched/,
  make: (file) => truncateSync(file, bytes),
});

const FAILURES: Record<string, Failure> = {
  deleted: {
    code: 'ERR_SCHEDHINT_ADDON_MISSING',
    reason: /^no addon was found in @schedhint\/native: install @schedhint\/native again/,
    make: (file) => rmSync(file),
  },
  empty: cutTo(0),
  'cut in its header': cutTo(10),
  'cut behind its header': cutTo(64),
  'cut in its symbols': cutTo(4096),
  'cut in the middle': cutTo(Math.floor(size / 2)),
  'without its last byte': cutTo(size - 1),
  'not ELF': {
    code: 'ERR_SCHEDHINT_ADDON_LOAD',
    reason: /invalid ELF header: install @schedhint/,
    make: (file) => writeFileSync(file, 'version https://git-lfs.github.com/spec/v1\n'.repeat(9)),
  },
  'for another processor': {
    code: 'ERR_SCHEDHINT_ADDON_LOAD',
    reason: /it is for another processor, this is \w+: install @schedhint/,
    make: (file) => {
      const bytes = readFileSync(file);
      bytes.writeUInt16LE(ANOTHER_MACHINE, E_MACHINE);
      writeFileSync(file, bytes);
    },
  },
  'a directory': {
    code: 'ERR_SCHEDHINT_ADDON_LOAD',
    reason: /cannot read file data: Is a directory: install @schedhint/,
    make: (file) => {
      rmSync(file);
      mkdirSync(file);
    },
  },
  "somebody else's addon": {
    code: 'ERR_SCHEDHINT_ADDON_LOAD',
    reason: /it is not an addon of schedhint: install @schedhint/,
    make: (file) => copyFileSync(foreignAddon, file),
  },
};

/** What the process has besides: nothing. */
const NOTHING_STARTED = {
  source: 'none',
  perfHooks: 'none',
  urgency: 950, // hints work, in private memory
  worker: 'hinted',
  threads: [],
  descriptors: 0,
  observers: 0,
  workerListeners: 0,
  hasSubscribers: false,
  counts: true,
  statusCalls: 0,
  statusIsSame: true,
  statusIsFrozen: true,
};

const WARNING = /^\(node:\d+\) \[SCHEDHINT_ADDON\] Warning: schedhint: no scheduler sees/;

let installed: Installed;
beforeAll(() => {
  installed = Installed.create();
});
afterEach(() => {
  rmSync(installed.addon(), { recursive: true, force: true });
  installed.addAddon(installed.addon());
});
afterAll(() => {
  installed?.remove();
});

const run = (args: readonly string[], env: NodeJS.ProcessEnv = {}, node = process.execPath) =>
  runNode(args, { node, cwd: installed.path, env });

describeOnKernel('with the addon and a map', () => {
  test('all of it is there: what is counted below can be counted', async () => {
    const bpffs = mountBpffs();
    const SCHEDHINT_MAP = `${bpffs.path}/schedhint`;
    const observer = await Observer.start(SCHEDHINT_MAP);
    try {
      for (const program of ['app.mjs', 'app.cjs']) {
        const env = { SCHEDHINT_MAP, WAIT_FOR_THREAD: '1' };
        expect(printed(await run([program], env)), program).toMatchObject({
          source: 'v8',
          perfHooks: 'perf_hooks',
          threads: ['schedhint-watch'],
          descriptors: expect.toSatisfy((count: number) => count > 0),
          addonMapped: true,
          observers: 1,
          workerListeners: 1,
          counts: true,
        });
      }
    } finally {
      await observer.stop();
      bpffs.unmount();
    }
  });
});

describe.each(Object.entries(FAILURES))('the addon is %s', (_, { code, reason, make }) => {
  test('an app has a status and one warning, and nothing is started', async () => {
    make(installed.addon());
    const ended = await run(['app.mjs']);
    expect(printed(ended)).toMatchObject({
      ...NOTHING_STARTED,
      state: 'unavailable',
      code,
      reason: expect.stringMatching(reason),
    });
    expect(ended.stderr).toMatch(WARNING);
    expect(ended.stderr.match(/SCHEDHINT_ADDON\]/g)).toHaveLength(1);
  });

  test('a preload changes nothing and says nothing, whatever the environment names', async () => {
    make(installed.addon());
    const maps = { SCHEDHINT_LAYERED_MAP: '/nonexistent/l', SCHEDHINT_TLD_MAP: '/nonexistent/t' };
    const ended = await run(['--require', 'schedhint/register', '-p', '"app"'], maps);
    expect(ended).toEqual({ code: 0, signal: null, stdout: 'app\n', stderr: '' });
  });
});

test.each(nodeBinaries())('a missing and a damaged addon in Node.js $version', async ({ path }) => {
  for (const { code, make } of [FAILURES.deleted!, FAILURES['cut in the middle']!]) {
    make(installed.addon());
    const said = printed(await run(['--require', 'schedhint/register', 'app.cjs'], {}, path));
    expect(said).toMatchObject({ ...NOTHING_STARTED, code });
    installed.addAddon(installed.addon());
  }
});

describe('the warning', () => {
  test('SCHEDHINT_QUIET=1 silences it, and so does --disable-warning', async () => {
    rmSync(installed.addon());
    const quiet = await run(['app.mjs'], { SCHEDHINT_QUIET: '1' });
    expect(printed(quiet).code).toBe('ERR_SCHEDHINT_ADDON_MISSING');
    expect(quiet.stderr).toBe('');
    const { path } = nodeBinaries().at(-1)!;
    const disabled = await run(['--disable-warning=SCHEDHINT_ADDON', 'app.mjs'], {}, path);
    expect(printed(disabled).code).toBe('ERR_SCHEDHINT_ADDON_MISSING');
    expect(disabled.stderr).toBe('');
  });

  test('comes once, of both copies of the packages and of the workers together', async () => {
    rmSync(installed.addon());
    const ended = await run(['copies-and-workers.mjs']);
    expect(ended).toMatchObject({
      code: 0,
      stdout: 'ERR_SCHEDHINT_ADDON_MISSING ERR_SCHEDHINT_ADDON_MISSING 3\n',
    });
    expect(ended.stderr.match(/SCHEDHINT_ADDON\]/g)).toHaveLength(1);
  });

  test('does not come on another platform (played), where there is nothing to do', async () => {
    installed.write(
      'played-platform.cjs',
      "Object.defineProperty(process, 'platform', { value: 'darwin' });\n",
    );
    const ended = await run(['--require', './played-platform.cjs', 'app.mjs']);
    expect(printed(ended)).toMatchObject({
      ...NOTHING_STARTED,
      code: 'ERR_SCHEDHINT_PLATFORM_UNSUPPORTED',
    });
    expect(ended.stderr).toBe('');
  });
});

describe('SCHEDHINT_ADDON', () => {
  test('goes before the package, and is the only one tried', async () => {
    const elsewhere = join(installed.path, 'elsewhere.node');
    installed.addAddon(elsewhere);
    rmSync(installed.addon());
    expect(printed(await run(['app.mjs'], { SCHEDHINT_ADDON: elsewhere })).source).toBe('v8');
    installed.addAddon(installed.addon());
    const missing = await run(['app.mjs'], { SCHEDHINT_ADDON: '/nonexistent/schedhint.node' });
    expect(printed(missing)).toMatchObject({
      ...NOTHING_STARTED,
      code: 'ERR_SCHEDHINT_ADDON_LOAD',
      reason: expect.stringMatching(
        /^loading \/nonexistent\/schedhint\.node failed: .*: correct SCHEDHINT_ADDON, or unset it$/,
      ),
    });
  });

  test('is not taken if it is relative: the loader would search other directories', async () => {
    installed.addAddon(join(installed.path, 'relative.node'));
    for (const name of ['relative.node', './relative.node']) {
      expect(printed(await run(['app.mjs'], { SCHEDHINT_ADDON: name }))).toMatchObject({
        code: 'ERR_SCHEDHINT_ADDON_LOAD',
        reason: `SCHEDHINT_ADDON has to be an absolute path, and is "${name}"`,
      });
    }
  });
});
