// Where the addon is, in each way in which apps are built, and that all who find it in one thread share it.

import { cpSync, mkdirSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { type BuildOptions, buildSync } from 'esbuild';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { nodeBinaries } from '../node-versions/node-binaries.js';
import { Installed } from './installed.js';
import { printed, runNode } from './run-node.js';

let installed: Installed;
beforeEach(() => {
  installed = Installed.create();
});
afterEach(() => {
  installed?.remove();
});

/** Bundles a program of the project, without a warning. */
function bundle(
  program: string,
  output: string,
  format: 'cjs' | 'esm',
  options: BuildOptions = {},
): string {
  const outfile = join(installed.path, output);
  const { warnings } = buildSync({
    absWorkingDir: installed.path,
    entryPoints: [program],
    outfile,
    bundle: true,
    platform: 'node',
    format,
    logLevel: 'silent',
    ...options,
  });
  expect(warnings).toEqual([]);
  return outfile;
}

const FORMATS = [
  ['cjs', 'bundle.cjs'],
  ['esm', 'bundle.mjs'],
] as const;

describe('a bundle', () => {
  test.each(FORMATS)('%s: runs without the addon, and says what to do', async (format, name) => {
    const file = bundle('app.mjs', `alone/dist/${name}`, format);
    rmSync(join(installed.path, 'node_modules'), { recursive: true });
    const ended = await runNode([file]);
    expect(printed(ended)).toMatchObject({
      code: 'ERR_SCHEDHINT_ADDON_MISSING',
      reason: expect.stringMatching(
        /in a bundle or .*, keep that package out .*, or set SCHEDHINT_ADDON to the absolute path/,
      ),
      source: 'none',
      worker: 'hinted',
      observers: 0,
      threads: [],
    });
    expect(ended.stderr).toContain('[SCHEDHINT_ADDON]');
  });

  test.each(FORMATS)('%s: SCHEDHINT_ADDON brings hints', async (format, name) => {
    const file = bundle('app.mjs', `alone/dist/${name}`, format);
    const env = { SCHEDHINT_ADDON: installed.addon() };
    expect(printed(await runNode([file], { env }))).toMatchObject({ source: 'v8' });
  });

  test.each(FORMATS)('%s: next to node_modules, hints need nothing else', async (format, name) => {
    // By the condition `module` it is of ES modules; without it what Node.js imports, whose require() esbuild can't keep in an ES module.
    for (const options of format === 'cjs' ? [{}, { conditions: ['other'] }] : [{}]) {
      const file = bundle('app.mjs', `dist/${name}`, format, options);
      expect(printed(await runNode([file]))).toMatchObject({ source: 'v8' });
    }
  });

  test.each(FORMATS)('%s: the preload is in it, and does its work', async (format, name) => {
    const program = installed.write(
      'preloaded.mjs',
      `import 'schedhint/register';
      import { readFileSync } from 'node:fs';
      const mapped = readFileSync('/proc/self/maps', 'utf8').includes('schedhint.node');
      console.log(JSON.stringify({ mapped }));`,
    );
    const alone = { mapped: false };
    const beside = { mapped: true };
    // By the condition `module` it is of ES modules, without it what Node.js preloads.
    for (const options of [{}, { conditions: ['other'] }, { external: ['@schedhint/native'] }]) {
      const file = bundle(program, `dist/${name}`, format, options);
      expect(printed(await runNode([file])), file).toEqual(beside);
      if ('external' in options) continue;
      const elsewhere = join(installed.path, 'alone', name);
      cpSync(file, elsewhere);
      renameSync(join(installed.path, 'node_modules'), join(installed.path, 'away'));
      const env = { NODE_DEBUG: 'schedhint', SCHEDHINT_LAYERED_MAP: '/nonexistent/layered' };
      const ended = await runNode([elsewhere], { env });
      renameSync(join(installed.path, 'away'), join(installed.path, 'node_modules'));
      expect(printed(ended)).toEqual(alone);
      expect(ended.stderr).toMatch(/register: no addon was found/);
    }
  });

  test.each(FORMATS)('%s: never loads an addon because of where it lies', async (format, name) => {
    const file = bundle('app.mjs', `srv/app/dist/${name}`, format);
    rmSync(join(installed.path, 'node_modules'), { recursive: true });
    const planted = ['srv', 'srv/app', 'srv/app/dist', ''].map((home) => installed.addon(home));
    for (const addon of planted) installed.addAddon(addon);
    const alone = printed(await runNode([file]));
    expect(alone).toMatchObject({ code: 'ERR_SCHEDHINT_ADDON_MISSING', addonMapped: false });
    // As require() would find it.
    installed.addAddon(installed.addon('srv/node_modules'));
    expect(printed(await runNode([file]))).toMatchObject({ source: 'v8', addonMapped: true });
  });

  test.each(['relative', '/'])('reports a wrong directory: %s', async (kind) => {
    // webpack and Turbopack may put the source's own in the place of __dirname.
    const home = 'node_modules/@schedhint/native/dist';
    const define = {
      __dirname: JSON.stringify(kind === '/' ? `/nonexistent/${home}` : `srv/${home}`),
      __filename: JSON.stringify(kind === '/' ? `/nonexistent/${home}/x.js` : `srv/${home}/x.js`),
    };
    const file = bundle('app.mjs', 'bundle.cjs', 'cjs', { define });
    rmSync(join(installed.path, 'node_modules'), { recursive: true });
    installed.addAddon(installed.addon('srv/node_modules'));
    expect(printed(await runNode([file], { cwd: installed.path }))).toMatchObject({
      code: 'ERR_SCHEDHINT_ADDON_MISSING',
    });
  });
});

test('a single executable, whose require() has no resolve(): the status says what to do', async () => {
  const newest = nodeBinaries().at(-1)!;
  expect(newest.version).toMatch(/^v26\./); // the first that builds one without another tool
  const main = bundle('app.mjs', 'bundle.cjs', 'cjs');
  const output = join(installed.path, 'executable');
  const config = { main, output, disableExperimentalSEAWarning: true };
  const file = installed.write('sea.json', JSON.stringify(config));
  const built = await runNode(['--build-sea', file], { node: newest.path });
  expect(built).toMatchObject({ code: 0 });
  rmSync(join(installed.path, 'node_modules'), { recursive: true });
  const ended = await runNode([], { node: output });
  expect(printed(ended)).toMatchObject({
    code: 'ERR_SCHEDHINT_ADDON_MISSING',
    reason: expect.stringMatching(
      /a single executable, keep that package out .*SCHEDHINT_ADDON to the absolute path/,
    ),
    observers: 0,
    threads: [],
  });
});

test('a vm context, which has its own ArrayBuffer: hints work', async () => {
  const code = bundle('in-context.cjs', 'bundle.cjs', 'cjs');
  const app = installed.write(
    'context.cjs',
    `const { readFileSync } = require('node:fs');
    const { createContext, runInContext } = require('node:vm');
    const context = createContext({ require, process, module: {}, console, __dirname });
    runInContext(readFileSync(${JSON.stringify(code)}, 'utf8'), context);`,
  );
  expect(printed(await runNode([app]))).toEqual({ own: true, urgency: 900, result: 7 });
});

test('linked directories, as those of pnpm: one addon in a thread, opened once', async () => {
  const store = 'node_modules/.pnpm/schedhint/node_modules';
  const native = 'node_modules/.pnpm/native/node_modules/@schedhint/native';
  rmSync(join(installed.path, 'node_modules'), { recursive: true });
  installed.addPackages(store);
  mkdirSync(join(installed.path, native, '..'), { recursive: true });
  renameSync(join(installed.path, store, '@schedhint/native'), join(installed.path, native));
  link(native, `${store}/@schedhint/native`);
  link(`${store}/schedhint`, 'node_modules/schedhint');
  const app = installed.write(
    'linked.cjs',
    `let opened = 0;
    const { dlopen } = process;
    process.dlopen = (...args) => { opened++; return dlopen.apply(process, args); };
    require('schedhint/register'); // by the link next to it
    require('schedhint').attachThread(); // by the path of the package itself
    const addons = new Set(Object.values(process[Symbol.for('schedhint.addons')]));
    console.log(JSON.stringify({ opened, addons: addons.size }));`,
  );
  expect(printed(await runNode([app]))).toEqual({ opened: 1, addons: 1 });
});

/** Makes a relative link. */
function link(to: string, at: string): void {
  const path = join(installed.path, at);
  mkdirSync(dirname(path), { recursive: true });
  symlinkSync(relative(dirname(path), join(installed.path, to)), path);
}
