// The packed tarballs in an empty project: what an application gets from `npm i schedhint`.

import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { checkPackage, createPackageFromTarballData } from '@arethetypeswrong/core';
import { publint } from 'publint';
import { formatMessage } from 'publint/utils';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { errorOf } from '../../../packages/observer/dist/error.js';
import { type Bpffs, mountBpffs } from '../../rig/bpffs.js';
import { LineProcess } from '../../rig/json-lines-process.js';
import { describeOnKernel } from '../../rig/kernel-support.js';
import { Observer } from '../../rig/observer-process.js';
import { until } from '../../rig/until.js';
import { nodeBinaries, otherRuntimes } from '../node-versions/node-binaries.js';
import { Project } from './project.js';

const here = (file: string) => fileURLToPath(new URL(file, import.meta.url));
const tsc = createRequire(import.meta.url).resolve('typescript/bin/tsc');

let project: Project;
beforeAll(() => {
  project = Project.create();
});
afterAll(() => {
  project?.remove();
});

/** The packages in a folder's node_modules, at any depth, by their names. */
function installedIn(folder: string): string[] {
  const modules = join(folder, 'node_modules');
  return readdirSync(modules, { recursive: true, encoding: 'utf8' })
    .filter((file) => /(?:^|node_modules\/)(?:@[^/]+\/)?[^/@.][^/]*\/package\.json$/.test(file))
    .map((file) => JSON.parse(readFileSync(join(modules, file), 'utf8')).name as string)
    .sort();
}

/** The files of packages with programs. */
const KINDS: Readonly<Record<string, RegExp>> = {
  '@schedhint/observer':
    /^(LICENSE|README\.md|THIRD-PARTY-NOTICES\.md|package\.json|(dist|src|licenses|prebuilds|viewer)\/.*)$/,
  '@schedhint/scheduler':
    /^(LICENSE|README\.md|THIRD-PARTY-NOTICES\.md|package\.json|[\w-]+\.service|(bin|licenses|prebuilds|source)\/.*)$/,
};

/** Archives that a linker takes, and the notices' names for them: the library, and Debian's source package. */
const LIBRARIES = {
  libbpf: 'libbpf of libbpf',
  libelf: 'libelf of elfutils',
  libz: 'zlib of zlib',
  libc: 'glibc of glibc',
};

describe('the packages', () => {
  test('need each other, and nothing else', () => {
    project.npm('ls', '--all');
    expect(installedIn(project.path)).toEqual(project.tarballs.map(({ name }) => name).sort());
  });

  test('install on every platform, and run nothing there', () => {
    for (const { name } of project.tarballs) {
      const manifest = JSON.parse(
        readFileSync(join(project.path, 'node_modules', name, 'package.json'), 'utf8'),
      );
      const { os, cpu, libc, scripts, engines } = manifest;
      expect({ name, os, cpu, libc, scripts }).toEqual({ name });
      expect({ name, engines }).toEqual({ name, engines: { node: '>=20' } });
    }
  });

  test('hold their licence and what they run, and nothing of their making', () => {
    const mit = readFileSync(here('../../../LICENSE'), 'utf8');
    for (const { name, files } of project.tarballs) {
      const licence = readFileSync(join(project.path, 'node_modules', name, 'LICENSE'), 'utf8');
      if (name === '@schedhint/scheduler') expect(licence).toMatch(/GENERAL PUBLIC LICENSE\s+Ver/);
      else expect(licence, name).toBe(mit);
      expect(files, name).toContain('README.md');
      const kinds =
        KINDS[name] ??
        /^(LICENSE|README\.md|package\.json|config\.schema\.json|(dist|src|ts|bin|include|prebuilds)\/.*)$/;
      const foreign = /\.(test\.\w+|tsbuildinfo|cc|o)$/;
      const isForeign = (file: string) =>
        foreign.test(file) && !/^prebuilds\/.*\.bpf\.o$/.test(file);
      const odd = files.filter((file) => !kinds.test(file) || isForeign(file));
      expect(odd, name).toEqual([]);
    }
  });

  test('say their licence', () => {
    const licences = project.tarballs.map(({ name }) => {
      const manifest = readFileSync(join(project.path, 'node_modules', name, 'package.json'));
      return [name, JSON.parse(String(manifest)).license];
    });
    expect(Object.fromEntries(licences)).toEqual({
      '@schedhint/core': 'MIT',
      '@schedhint/gc-hooks': 'MIT',
      '@schedhint/native': 'MIT',
      // Its own, libbpf, libelf, glibc, zlib.
      '@schedhint/observer':
        'MIT AND (LGPL-2.1-only OR BSD-2-Clause) AND (LGPL-3.0-or-later OR GPL-2.0-or-later) AND LGPL-2.1-or-later AND Zlib',
      // Its BPF objects have scx's headers in them.
      '@schedhint/scheduler': 'GPL-2.0-only',
      schedhint: 'MIT',
    });
  });

  test.each(['observer', 'scheduler'])('%s: the notices name each text that it has', (name) => {
    const home = join(project.path, 'node_modules/@schedhint', name);
    const notices = readFileSync(join(home, 'THIRD-PARTY-NOTICES.md'), 'utf8');
    const named = [...notices.matchAll(/`(licenses\/[\w.-]+)`/g)].map(([, file]) => file!);
    const shipped = readdirSync(join(home, 'licenses')).map((file) => `licenses/${file}`);
    expect([...new Set(named)].sort()).toEqual(shipped.sort());
    for (const [file, title] of [
      ['LGPL-2.1.txt', /GNU LESSER GENERAL PUBLIC LICENSE\s+Version 2\.1/],
      ['LGPL-3.0.txt', /GNU LESSER GENERAL PUBLIC LICENSE\s+Version 3/],
      ['GPL-2.0.txt', /GNU GENERAL PUBLIC LICENSE\s+Version 2/],
      ['GPL-3.0.txt', /GNU GENERAL PUBLIC LICENSE\s+Version 3/],
    ] as const) {
      expect(readFileSync(join(home, 'licenses', file), 'utf8'), file).toMatch(title);
    }
  });

  test('the notices name the libraries that the observer is linked with, and no other', () => {
    const scratch = mkdtempSync(join(tmpdir(), 'schedhint-linked-'));
    // As scripts/build.mjs links it. The linker prints each member that it takes, `(ARCHIVE)MEMBER`.
    const variables = ['CFLAGS=-O2', 'LDFLAGS=-static -Wl,--trace,--trace', 'LDLIBS=-lelf -lz'];
    const args = ['-C', here('../../../observer'), `BUILD=${scratch}`, ...variables];
    const made = spawnSync('make', [...args, `${scratch}/observer`], { encoding: 'utf8' });
    rmSync(scratch, { recursive: true });
    expect(made, made.stderr).toMatchObject({ status: 0 });
    const archives = [...made.stdout.matchAll(/\/(lib[\w+-]+)\.a\)/g)].map(
      ([, archive]) => archive!,
    );
    // GCC's runtime library exception lets its own ones be linked without a notice.
    const linked = new Set(archives.filter((archive) => !archive.startsWith('libgcc')));
    expect([...linked].sort()).toEqual(Object.keys(LIBRARIES).sort());
    const notices = readFileSync(here('../../../packages/observer/THIRD-PARTY-NOTICES.md'), 'utf8');
    const rows = [
      ...notices.matchAll(/^\| (\w+) \| `([\w-]+) [^`]+` \|.*`(licenses\/[\w.-]+)` \|$/gm),
    ];
    const named = rows.map(([, library, source]) => `${library} of ${source}`);
    expect(named.sort()).toEqual(Object.values(LIBRARIES).sort());
    for (const [, library, , file] of rows) {
      const text = readFileSync(here(`../../../packages/observer/${file}`), 'utf8');
      expect(text, library).toMatch(/copyright/i);
    }
  });

  test.each([
    ['@schedhint/native', ['schedhint.node']],
    ['@schedhint/observer', ['observer', 'observer.bpf.o']],
    ['@schedhint/scheduler', ['scx_schedhint', 'scx_schedhint.bpf.o']],
  ])('%s has what it runs for each platform that is promised', (name, programs) => {
    const { files } = project.tarballs.find((tarball) => tarball.name === name)!;
    // Those for musl take minutes to build: scripts/pack.mjs sees to them.
    const ours = (file: string) => file.startsWith('prebuilds/') && !file.includes('-musl/');
    expect(files.filter(ours).sort()).toEqual(
      ['linux-arm64', 'linux-x64'].flatMap((platform) =>
        programs.map((program) => `prebuilds/${platform}/${program}`),
      ),
    );
  });

  test('satisfy publint and attw', async () => {
    for (const { name, path } of project.tarballs) {
      const tarball = readFileSync(path);
      const { messages, pkg } = await publint({
        pack: { tarball: new Uint8Array(tarball).buffer },
        strict: true,
      });
      expect(
        messages.map((message) => formatMessage(message, pkg)),
        name,
      ).toEqual([]);
      const types = await checkPackage(createPackageFromTarballData(new Uint8Array(tarball)), {
        // A command, which is an ES module: `schedhint` imports it.
        excludeEntrypoints: ['./gen'],
      });
      // The scheduler is a program: nothing of it can be imported.
      const expected = name === '@schedhint/scheduler' ? { types: false } : { problems: [] };
      expect(types, name).toMatchObject(expected);
    }
  });
});

/**
 * How a project may resolve modules, and how its files are then called. The first checks our
 * declarations too: not every project has skipLibCheck.
 */
const RESOLUTIONS: [string, string[], string[]][] = [
  ['node16', ['types.mts', 'types.cts'], ['--module', 'node16', '--skipDefaultLibCheck']],
  ['bundler', ['types.ts'], ['--module', 'preserve', '--skipLibCheck']],
];

test.each(RESOLUTIONS)('types resolve: %s', (_, files, options) => {
  for (const file of files) {
    if (file !== 'types.ts') copyFileSync(join(project.path, 'types.ts'), join(project.path, file));
  }
  const strict = ['--strict', '--noEmit', '--target', 'es2022', '--types', 'node'];
  const typeRoots = ['--typeRoots', here('../../../node_modules/@types')];
  const args = [tsc, ...strict, ...typeRoots, ...options, ...files];
  expect(project.run(process.execPath, args)).toBe('');
});

// No other kernel is at hand: process.platform is all that the packages ask for.
test.each(['darwin', 'win32'])('a quiet no-op on a played %s', (platform) => {
  const env = { PLAYED_PLATFORM: platform };
  const preload = ['--require', './played-platform.cjs', '--require', 'schedhint/register'];
  for (const program of ['app.mjs', 'app.cjs']) {
    const said = JSON.parse(project.run(process.execPath, [...preload, program], env));
    expect(said).toMatchObject({
      state: 'unavailable',
      code: 'ERR_SCHEDHINT_PLATFORM_UNSUPPORTED',
    });
  }
});

test('every subpath loads, by import and by require()', () => {
  const manifest = JSON.parse(
    readFileSync(join(project.path, 'node_modules/schedhint/package.json'), 'utf8'),
  );
  const subpaths = Object.keys(manifest.exports).filter((path) => !path.endsWith('.json'));
  expect(subpaths.length).toBeGreaterThan(6);
  for (const path of subpaths.map((subpath) => join('schedhint', subpath))) {
    for (const load of [`import('${path}')`, `(async () => require('${path}'))()`]) {
      const said = `${load}.then(() => 'loaded', ({ message }) => message.split('\\n')[0]).then(console.log)`;
      expect(project.run(process.execPath, ['-e', said]), load).toBe('loaded\n');
    }
  }
});

test('--enable-source-maps: a stack has the sources, by import and by require()', () => {
  const program = `.then(({ attachThread }) => attachThread({ kanal: 1 }))
    .catch(({ stack }) => console.log(stack.split('\\n')[1]))`;
  for (const load of ["import('schedhint')", "Promise.resolve(require('schedhint'))"]) {
    const args = ['--enable-source-maps', '-e', load + program];
    const [, file, line] = /\((.*):(\d+):\d+\)/.exec(project.run(process.execPath, args)) ?? [];
    expect(file, load).toBe(join(project.path, 'node_modules/@schedhint/core/src/errors.ts'));
    expect(readFileSync(file!, 'utf8').split('\n')[Number(line) - 1], load).toContain('TypeError');
  }
});

test('`npm i schedhint` in an empty folder brings no package of others, and the command runs', () => {
  const folder = join(project.path, '..', 'empty');
  mkdirSync(folder);
  writeFileSync(join(folder, 'package.json'), '{ "private": true }');
  const run = (command: string, ...args: string[]) => {
    const { status, stdout, stderr } = spawnSync(command, args, {
      cwd: folder,
      encoding: 'utf8',
      env: { ...process.env, NODE_OPTIONS: '' },
    });
    return { status, stdout, stderr };
  };
  const install = (...what: string[]) =>
    run('npm', 'install', '--prefer-offline', '--no-audit', '--no-fund', ...what);
  // No registry has them: what it needs of our own is named too.
  const names = ['schedhint', '@schedhint/core', '@schedhint/gc-hooks', '@schedhint/native'];
  const pathOf = (wanted: string) => project.tarballs.find(({ name }) => name === wanted)!.path;
  expect(install(...names.map(pathOf))).toMatchObject({ status: 0 });
  expect(installedIn(folder)).toEqual([...names].sort());

  const schedhint = (...args: string[]) => run('npx', '--no-install', 'schedhint', ...args);
  expect(schedhint('gen', '--help')).toMatchObject({ status: 0, stderr: '' });
  expect(schedhint('top')).toMatchObject({
    status: 1,
    stderr: expect.stringMatching(/^schedhint top: ERR_SCHEDHINT_OBSERVER_PACKAGE: /),
  });
  expect(install(pathOf('@schedhint/observer'))).toMatchObject({ status: 0 });
  expect(installedIn(folder)).toEqual([...names, '@schedhint/observer'].sort());
  expect(schedhint('top', '--help')).toMatchObject({ status: 0, stderr: '' });
});

test('installs with any version of the packages that it knows', () => {
  const scratch = join(project.path, '..', 'any-version');
  for (const [name, version] of [
    ['fastify', '0.1.0'],
    ['prom-client', '99.0.0'],
    ['@opentelemetry/api', '0.0.1'],
    ['@schedhint/observer', '99.0.0-beta.1'],
  ] as const) {
    const home = join(scratch, 'others', name);
    mkdirSync(home, { recursive: true });
    writeFileSync(join(home, 'package.json'), JSON.stringify({ name, version }));
    const folder = join(scratch, 'apps', name);
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'package.json'), '{ "private": true }');
    const ours = project.tarballs.filter((tarball) => tarball.name !== '@schedhint/observer');
    const args = ['install', '--prefer-offline', '--no-audit', '--no-fund', '--install-links'];
    const { status, stderr } = spawnSync('npm', [...args, home, ...ours.map(({ path }) => path)], {
      cwd: folder,
      encoding: 'utf8',
    });
    expect({ name, status, stderr }).toEqual({ name, status: 0, stderr: '' });
  }
});

describe('schedhint top, where there is no observer', () => {
  const top = (...options: string[]) =>
    spawnSync(process.execPath, [...options, 'node_modules/schedhint/bin/schedhint.js', 'top'], {
      cwd: project.path,
      encoding: 'utf8',
      env: { ...process.env, NODE_OPTIONS: '', PLAYED_PLATFORM: 'darwin' },
    });

  test('the package is not installed', () => {
    const home = join(project.path, 'node_modules/@schedhint/observer');
    renameSync(home, `${home}-away`);
    try {
      expect(top()).toMatchObject({
        status: 1,
        stderr: expect.stringMatching(
          /^schedhint top: ERR_SCHEDHINT_OBSERVER_PACKAGE: .*npm i @sched/,
        ),
      });
    } finally {
      renameSync(`${home}-away`, home);
    }
  });

  test('another platform (played)', () => {
    expect(top('--require', './played-platform.cjs')).toMatchObject({
      status: 1,
      stderr: expect.stringMatching(
        /^schedhint top: ERR_SCHEDHINT_OBSERVER_PLATFORM: .*this is darwin\n$/,
      ),
    });
  });
});

// Its Linux is qemu's, which knows no bpf(2).
test('the arm64 addon loads, attaches and sees collections in an arm64 Node.js', () => {
  const node = here('arm64/node_modules/node-22/bin/node');
  const preload = ['--require', 'schedhint/register'];
  const args = ['-L', '/usr/aarch64-linux-gnu', node, ...preload, 'app.cjs'];
  const said = JSON.parse(project.run('qemu-aarch64-static', args));
  expect(said).toMatchObject({ source: 'v8', code: 'ERR_SCHEDHINT_BPF_REFUSED' });
  expect(said.gcCount).toBeGreaterThan(0);
});

test('the arm64 observer runs, and says in its exit code that there is no bpf(2)', () => {
  const home = 'node_modules/@schedhint/observer/prebuilds/linux-arm64';
  const run = (...args: string[]) =>
    spawnSync('qemu-aarch64-static', [`${home}/observer`, ...args], {
      cwd: project.path,
      encoding: 'utf8',
    });
  expect(run('--help')).toMatchObject({ status: 0, stdout: expect.stringMatching(/^Usage: /) });
  const refused = run('--pin', '/sys/fs/bpf/schedhint-arm64');
  expect(errorOf(refused.status, refused.signal, refused.stderr)).toMatchObject({
    code: 'ERR_SCHEDHINT_OBSERVER_KERNEL',
    message: expect.stringMatching(/no bpf\(2\)/),
  });
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

  /** Runs a program until the observer has seen its main thread. */
  async function observe(command: string, args: string[], isSeen: (seen: Seen) => boolean) {
    const env = { SCHEDHINT_MAP: map, SCHEDHINT_BROKER: '', NODE_OPTIONS: '', NO_COLOR: '1' };
    const child = new LineProcess(command, args, { cwd: project.path, env });
    const said = await child.next();
    let seen: Seen | undefined;
    await until(
      `${command} ${args.join(' ')} has been seen`,
      async () => {
        const threads = await observer.threads();
        seen = threads.find(({ tid, kind }) => tid === child.pid && kind === 'js');
        return seen !== undefined && isSeen(seen);
      },
      () => ({ said, seen }),
    );
    expect(await child.end()).toEqual({ code: 0, rest: [], stderr: '' });
    return { said, gcCount: seen!.gcCount };
  }
  type Seen = Awaited<ReturnType<Observer['threads']>>[number];

  describe.each(nodeBinaries())('in Node.js $version', ({ path }) => {
    test.each(['app.mjs', 'app.cjs'])('%s: hints and collections are seen', async (program) => {
      const { said } = await observe(
        path,
        [program],
        ({ hints, gcCount }) => hints.urgency === 777 && hints.sliceUs === 3000 && gcCount > 0,
      );
      expect(said).toMatchObject({ source: 'v8', state: 'bound' });
    });

    test('--require schedhint/register: collections are seen', async () => {
      const args = ['--require', 'schedhint/register', 'plain.cjs'];
      await observe(path, args, ({ gcCount }) => gcCount > 0);
    });
  });

  // Neither reports its collections: docs/install.md has the table.
  describe.each(otherRuntimes())('in $name $version', ({ path, run, preload }) => {
    test.each(['app.mjs', 'app.cjs'])('%s: hints are seen, and no collection', async (program) => {
      const { said, gcCount } = await observe(
        path,
        [...run, program],
        ({ hints }) => hints.urgency === 777 && hints.sliceUs === 3000,
      );
      expect(said).toMatchObject({ source: 'none', gcCount: 0, state: 'bound' });
      expect(gcCount).toBe(0);
    });

    test('schedhint/register attaches, and the application does not notice', async () => {
      const args = [...run, preload, './node_modules/schedhint/dist/register.cjs', 'plain.cjs'];
      expect(await observe(path, args, () => true)).toMatchObject({ gcCount: 0 });
    });

    test('its own struct is shared with a BPF program', async () => {
      const pin = `${bpffs.path}/datamap`;
      const program = here('../../../examples/kptr-user/build/loader');
      const loader = spawn(program, ['--pin', pin], { stdio: ['pipe', 'pipe', 'inherit'] });
      const ended = once(loader, 'close');
      await once(loader.stdout, 'data'); // it is ready
      expect(project.run(path, [...run, 'custom.mjs', pin])).toBe('bound, result = 3\n');
      loader.stdin.end();
      await ended;
    });
  });
});
