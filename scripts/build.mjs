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
import { dirname, join } from 'node:path';
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
  // Sources have separate folders; elsewhere a folder is the build's or npm's.
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
 * @param {readonly string[]} [later] what is loaded by the first call: SOURCE:MODULE=FUNCTION,...
 */
function buildTypeScript(name, extraInputs, { internal = [], later = [] } = {}) {
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
      bundle(home, [...both.map((entry) => entry.require.default), ...internal], { later });
      wrap(
        ...both.map((entry) =>
          [entry.import.default, entry.require.default].map((file) => join(home, file)),
        ),
      );
    },
  );
}

/** Writes the CommonJS files of a package's entry points, in the order of the manifest: bundle.mjs. */
function bundle(home, outputs, { sources = 'src', later = [] } = {}) {
  const entries = outputs.map((output) => {
    const source = output
      .replace(/^\.\/dist\/(cjs\/)?/, `${home}/${sources}/`)
      .replace(/\.js$/, '.ts');
    return `${home}/${output}=${source}`;
  });
  const options = later.flatMap((rule) => ['--later', `${home}/${sources}/${rule}`]);
  run(process.execPath, ['scripts/bundle.mjs', ...options, home, ...entries]);
}

/** Writes the thin ES module of each CommonJS entry point: wrap.mjs. */
const wrap = (...pairs) =>
  run(process.execPath, ['scripts/wrap.mjs', ...pairs.map((pair) => pair.join('='))]);

/** What the programs of a folder are made of. */
export const sourcesIn = (home) => [
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
    ...[
      'tsconfig.base.json',
      'scripts/bundle.mjs',
      'scripts/exported-names.mjs',
      'scripts/wrap.mjs',
    ],
  ];
  step('native-types', types, 'packages/native/dist/index.js', () => {
    rmSync(join(root, 'packages/native/dist'), { recursive: true, force: true });
    tsc('packages/native', '--emitDeclarationOnly');
    bundle('packages/native', ['./dist/index.js'], { sources: 'ts' });
  });
  const core = ['packages/core/src/*.ts', ...types];
  buildTypeScript('core', types);
  buildTypeScript('gc-hooks', core);
  const observer = ['packages/observer/src/*.ts', 'packages/observer/*.json', ...core];
  step('observer', observer, 'packages/observer/dist/index.js', () => {
    rmSync(join(root, 'packages/observer/dist'), { recursive: true, force: true });
    tsc('packages/observer');
  });
  buildTypeScript('schedhint', ['packages/gc-hooks/src/*.ts', ...core], {
    // Those of `register` are what schedhint/register loads where requests are to be tracked and stalls to be watched.
    internal: ['requests/index', 'stalls/index', 'register/requests', 'register/stalls'].map(
      (name) => `./dist/cjs/${name}.js`,
    ),
    later: ['index.ts:./requests/index.js=trackRequests', 'index.ts:./stalls/index.js=watchStalls'],
  });
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
        '--external:./cjs/register/stalls.js',
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
      compileAtOnce(join(dist, 'register.cjs'));
      wrap([join(dist, 'import/register.js'), join(dist, 'register.cjs')]);
      for (const name of ['register.cjs', 'register-rest.cjs']) nameSources(name);
      writeFileSync(join(root, 'packages/schedhint/dist/register.d.cts'), 'export {};\n');
    },
  );
}

/**
 * Puts a file's functions in parentheses: V8 then compiles each with the file, and does not skip it first and read it again when it is called.
 * For a file most of whose functions run at its start; 0.1 to 0.2 ms of a worker's. The lines stay where they are, for the map.
 */
function compileAtOnce(file) {
  let count = 0;
  const text = readFileSync(file, 'utf8').replace(
    /^function (\w+)(\(.*?\) \{.*?\n\})$/gms,
    (_, name, rest) => {
      count++;
      return `var ${name} = (function${rest});`;
    },
  );
  if (count === 0) throw new Error(`${file}: it has no functions as they were expected`);
  writeFileSync(file, text);
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

/** @param {{ bpf: boolean }} what - whether to build the BPF programs and their loaders too, but for the scheduler: scheduler.mjs */
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
      'test/rig/bpf',
      'test/faults/programs',
      'test/bench/native',
      'test/stalls/native',
      'test/vm/guest',
    ];
    for (const home of homes) {
      const inputs = sourcesIn(home);
      // They have some of the addon in them.
      if (['test/bench/native', 'test/faults/programs'].includes(home)) inputs.push(...ADDON);
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
