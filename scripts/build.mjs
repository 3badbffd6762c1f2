// Builds everything that is older than its sources. Imported by setup.mjs; `npm run build` runs it (`-- --packages`: the TypeScript packages alone).

import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('..', import.meta.url));
const require = createRequire(import.meta.url);

/** Runs a command with its output on stderr: stdout belongs to what is run after the build. */
export function run(command, args, options = {}) {
  execFileSync(command, args, { cwd: root, stdio: ['ignore', 2, 2], ...options });
}

export const bin = (name, file) => join(dirname(require.resolve(`${name}/package.json`)), file);
const tsc = (project, ...options) =>
  run(process.execPath, [bin('typescript', 'bin/tsc'), '-p', project, ...options]);

function digest(patterns) {
  const hash = createHash('sha256').update(process.arch);
  for (const file of patterns.flatMap((pattern) => files(pattern)).sort()) {
    hash.update(`${file}\0`).update(readFileSync(join(root, file)));
  }
  return hash.digest('hex');
}

/** Patterns are DIR/*SUFFIX or a file's name (Node.js 20 has no globSync). */
function files(pattern) {
  const [, directory, suffix] = /^(.*)\/\*([^/]*)$/.exec(pattern) ?? [];
  if (directory === undefined) return existsSync(join(root, pattern)) ? [pattern] : [];
  // Sources have folders of their own; elsewhere a folder is the build's or npm's.
  return readdirSync(join(root, directory), { recursive: directory.endsWith('/src') })
    .filter((name) => name.endsWith(suffix))
    .map((name) => `${directory}/${name}`);
}

/** Does it again when an input has changed. */
export function step(name, inputs, output, action) {
  const stamp = join(root, 'build', 'stamps', name);
  const now = digest(inputs);
  const built = existsSync(stamp) ? readFileSync(stamp, 'utf8') : '';
  if (built === now && existsSync(join(root, output))) return;
  console.error(`building ${name}`);
  action();
  mkdirSync(dirname(stamp), { recursive: true });
  writeFileSync(stamp, now);
}

const HEADERS = 'abi/include/schedhint/*.h';

/** What the addon is made of. */
export const ADDON = [
  HEADERS,
  'packages/native/src/*.cc',
  'packages/native/src/*.h',
  'packages/native/src/*.map',
  'packages/native/CMakeLists.txt',
];

/** The broker's own sources, and those that it shares with the addon. */
const BROKER = [
  'broker/src/*.cc',
  'broker/src/*.h',
  'broker/Makefile',
  'packages/native/src/kernel/*.cc',
  'packages/native/src/kernel/*.h',
];

/** @param {string} directory of the build in packages/native; its own output keeps its symbols, for a debugger */
export function stripAddon(strip, directory, output) {
  mkdirSync(dirname(join(root, output)), { recursive: true });
  run(strip, ['-o', output, `packages/native/${directory}/Release/schedhint.node`]);
}

/**
 * For Node.js a package is CommonJS, with a thin ES module over each entry point: a process that imports it both ways has one copy of it.
 * Bundlers take the condition `module`, whichever way it is imported: ES modules, of which they keep what is used.
 *
 * @param {readonly string[]} [internal] files that the package alone loads, which share modules with the entry points
 */
function buildTypeScript(name, extraInputs, internal = []) {
  const home = `packages/${name}`;
  step(
    name,
    [
      ...[`${home}/src/*.ts`, `${home}/*.json`, 'tsconfig.base.json', 'scripts/build.mjs'],
      ...extraInputs,
    ],
    `${home}/dist/cjs/index.js`,
    () => {
      rmSync(join(root, home, 'dist'), { recursive: true, force: true });
      tsc(home);
      tsc(`${home}/tsconfig.cjs.json`, '--emitDeclarationOnly');
      writeFileSync(join(root, home, 'dist/cjs/package.json'), '{ "type": "commonjs" }\n');
      const { exports } = JSON.parse(readFileSync(join(root, home, 'package.json'), 'utf8'));
      const both = Object.values(exports).filter((entry) => entry.require !== undefined);
      bundle(home, [...both.map((entry) => entry.require.default), ...internal]);
      for (const { import: module, require: commonJs } of both) {
        wrapAsModule(join(root, home, module.default), join(root, home, commonJs.default));
      }
    },
  );
}

/** Writes the CommonJS files of a package's entry points, in the order of the manifest: bundle.mjs. */
function bundle(home, outputs, sources = 'src') {
  const entries = outputs.map((output) => {
    const source = output
      .replace(/^\.\/dist\/(cjs\/)?/, `${home}/${sources}/`)
      .replace(/\.js$/, '.ts');
    return `${home}/${output}=${source}`;
  });
  run(process.execPath, ['scripts/bundle.mjs', home, ...entries]);
}

/** Writes the thin ES module of an entry point. */
function wrapAsModule(module, commonJs) {
  // By what it exports, which the compiler wrote down, and not by loading it: it may need a peer that is not installed.
  const names = exportedNames(commonJs);
  const take = `implementation = require('${relative(dirname(module), commonJs)}');`;
  mkdirSync(dirname(module), { recursive: true });
  writeFileSync(
    module,
    [
      '// One implementation for both kinds of modules: this is the CommonJS one. By require(), because Node.js reads what it imports of that',
      '// kind twice, once to find the exports: 10 ms more in Node.js 20 and 22.',
      "import { createRequire } from 'node:module';",
      '',
      'let implementation;',
      'try {',
      '  // A bundler has put it in here. A global require() is that of `node --eval`, and looks elsewhere.',
      `  if (!('require' in globalThis)) ${take}`,
      '} catch (error) {',
      '  if (!(error instanceof ReferenceError)) throw error;',
      '}',
      'if (implementation === undefined) {',
      '  const require = createRequire(import.meta.url);',
      `  ${take}`,
      '}',
      ...(names.length === 0 ? [] : [`export const { ${names.join(', ')} } = implementation;`]),
      '',
    ].join('\n'),
  );
}

/** The names that a compiled CommonJS file exports, as Node.js's own lexer finds them for `import`. */
function exportedNames(file, found = new Set()) {
  // Not at the top: this file is loaded before anything is installed.
  const lexer = require('cjs-module-lexer');
  lexer.initSync();
  const { exports, reexports } = lexer.parse(readFileSync(file, 'utf8'), file);
  for (const name of exports) if (name !== '__esModule') found.add(name);
  const { resolve } = createRequire(file);
  for (const target of reexports) exportedNames(resolve(target), found);
  return [...found].sort();
}

/** What the programs of a folder are made of. */
const sourcesIn = (home) => [
  ...['*.c', '*.cc', '*.h', 'Makefile'].map((pattern) => `${home}/${pattern}`),
  HEADERS,
];

/**
 * The observer for @schedhint/observer: linked so that it needs nothing where it runs.
 *
 * @param {string} arch as Node.js calls it
 * @param {{ variables?: string[], include?: string[], libraries?: string[] }} [cross] for another processor: the
 * Makefile's variables, and where its headers and static libraries are
 */
export function buildObserverPackage(arch, { variables = [], include = [], libraries = [] } = {}) {
  const home = 'observer';
  const folder = `packages/observer/prebuilds/linux-${arch}`;
  const inputs = [...sourcesIn(home), 'scripts/build.mjs', 'scripts/prebuild.mjs'];
  step(`observer-prebuilt-${arch}`, inputs, `${folder}/observer`, () => {
    run('make', [
      ...['-s', '-C', home, ...variables],
      `BUILD=../${folder}`,
      ['CFLAGS=-O2', ...include.map((path) => `-I${path}`)].join(' '),
      ['LDFLAGS=-static -s', ...libraries.map((path) => `-L${path}`)].join(' '),
      'LDLIBS=-lelf -lz',
    ]);
  });
}

/** The TypeScript packages. Lint needs no more, and this takes seconds. */
export function buildPackages() {
  // @schedhint/native ships the headers, whose home is abi/.
  const headers = 'packages/native/include';
  step('headers', [HEADERS], `${headers}/schedhint/schedhint.h`, () => {
    rmSync(join(root, headers), { recursive: true, force: true });
    cpSync(join(root, 'abi/include'), join(root, headers), { recursive: true });
  });
  const types = [
    ...['packages/native/ts/*.ts', 'packages/native/*.json'],
    ...['tsconfig.base.json', 'scripts/bundle.mjs'],
  ];
  step('native-types', types, 'packages/native/dist/index.js', () => {
    rmSync(join(root, 'packages/native/dist'), { recursive: true, force: true });
    tsc('packages/native', '--emitDeclarationOnly');
    bundle('packages/native', ['./dist/index.js'], 'ts');
  });
  const core = ['packages/core/src/*.ts', ...types];
  buildTypeScript('core', types);
  buildTypeScript('gc-hooks', core);
  const observer = ['packages/observer/src/*.ts', 'packages/observer/*.json', ...core];
  step('observer', observer, 'packages/observer/dist/index.js', () => {
    rmSync(join(root, 'packages/observer/dist'), { recursive: true, force: true });
    tsc('packages/observer');
  });
  // What schedhint/register loads where requests are to be tracked: an app that imports `schedhint` has most of it then.
  const requests = './dist/cjs/register/requests.js';
  buildTypeScript('schedhint', ['packages/gc-hooks/src/*.ts', ...core], [requests]);
  step(
    'register',
    ['packages/schedhint/src/register/*.ts', 'packages/gc-hooks/src/*.ts', ...core],
    'packages/schedhint/dist/register.cjs',
    () => {
      run(bin('esbuild', 'bin/esbuild'), [
        // ESM can be tree-shaken.
        'register=packages/schedhint/src/register/entry.ts',
        'register-rest=packages/schedhint/src/register/full.ts',
        '--bundle',
        '--platform=node',
        '--target=node20',
        '--format=cjs',
        // Compiled only where they are needed.
        '--external:./register-rest.cjs',
        '--external:./cjs/register/requests.js',
        '--alias:@schedhint/native=./packages/native/ts/index.ts', // as ESM, in one scope with the rest
        // Not minified: what runs before each app can be read where it is installed.
        '--sourcemap',
        '--sources-content=false', // the packages have them
        '--log-level=warning',
        // The kill switch, before anything of it runs. Not a return: Bun allows none outside of functions.
        // Deno throws where it keeps the environment from us.
        `--banner:js='use strict';let off;try{off=process.env.SCHEDHINT}catch{}if(off!=='off'){`,
        '--footer:js=}',
        '--outdir=packages/schedhint/dist',
        '--out-extension:.js=.cjs',
      ]);
      const dist = join(root, 'packages/schedhint/dist');
      wrapAsModule(join(dist, 'import/register.js'), join(dist, 'register.cjs'));
      for (const name of ['register.cjs', 'register-rest.cjs']) nameSources(name);
      writeFileSync(join(root, 'packages/schedhint/dist/register.d.cts'), 'export {};\n');
    },
  );
}

/** Names the sources of a bundle's map as they lie in a `node_modules`, and not in this repository. */
function nameSources(bundle) {
  const file = join(root, `packages/schedhint/dist/${bundle}.map`);
  const map = JSON.parse(readFileSync(file, 'utf8'));
  map.sources = map.sources.map((source) =>
    source.replace(/^(?:\.\.\/){2}(?=(?:core|gc-hooks|native)\/)/, '../../@schedhint/'),
  );
  writeFileSync(file, JSON.stringify(map));
}

/** @param {{ bpf: boolean }} what - whether to build the BPF programs and their loaders too */
export function build({ bpf }) {
  buildPackages();
  if (process.platform === 'linux') {
    // It goes where an installed package has it: what a clone runs is what is shipped.
    const addon = `packages/native/prebuilds/linux-${process.arch}/schedhint.node`;
    step(`addon-${process.arch}`, [...ADDON, 'scripts/build.mjs'], addon, () => {
      run(process.execPath, [bin('cmake-js', 'bin/cmake-js'), 'compile', '--log-level', 'error'], {
        cwd: join(root, 'packages/native'),
      });
      stripAddon('strip', 'build', addon);
    });
  }
  if (process.platform === 'linux') {
    step('broker', [...BROKER, HEADERS], 'broker/build/schedhint-broker', () =>
      run('make', ['-s', '-C', 'broker']),
    );
  }
  if (bpf) {
    const homes = [
      'observer',
      'abi/conformance',
      'abi/selftest',
      'examples/c',
      'examples/kptr-user',
      'scheduler',
      'test/rig/bpf',
      'test/faults/programs',
      'test/bench/native',
      'test/vm/guest',
    ];
    for (const home of homes) {
      const inputs = sourcesIn(home);
      // They have some of the addon in them.
      if (['test/bench/native', 'test/faults/programs'].includes(home)) inputs.push(...ADDON);
      // It shares the pinning of its map.
      if (home === 'scheduler') inputs.push('observer/pin.c', 'observer/pin.h');
      if (home === 'observer') buildObserverPackage(process.arch);
      step(`programs-${home.replaceAll('/', '-')}`, inputs, `${home}/build`, () =>
        run('make', ['-s', '-C', home]),
      );
    }
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  if (process.argv.includes('--packages')) buildPackages();
  else build({ bpf: process.platform === 'linux' });
}
