// Writes the CommonJS implementation of a package: one file for each entry point, because what Node.js pays for at a start is the
// number of files. A module that two entry points need is in the first one's file, and the others require() that one: a process has
// one copy of its state. Usage: node scripts/bundle.mjs HOME [--later SOURCE:MODULE=FUNCTION,...]... FILE=SOURCE...
//
// --later: what an entry point exports of this module is loaded by the first call. For functions alone; for parts that not each
// application calls, because what is compiled at a start counts, too. The module is one of the package's files.

import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, relative, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { build } from 'esbuild';
import { exportedNames } from './exported-names.mjs';

const {
  values: { later = [] },
  positionals: [home, ...entries],
} = parseArgs({ allowPositionals: true, options: { later: { type: 'string', multiple: true } } });
/** Under which an entry point has the modules that others share with it. A symbol: `import` takes each name for an export. */
const SHARED = "Symbol.for('schedhint.sharedModules')";

/** @type {import('esbuild').BuildOptions} */
const OPTIONS = {
  bundle: true,
  platform: 'node',
  target: 'node20',
  format: 'cjs',
  packages: 'external',
  sourcemap: true,
  sourcesContent: false, // the sources are in the package
  logLevel: 'warning',
  absWorkingDir: process.cwd(),
};

/** Which functions of which modules an entry point loads later: Map of source to Map of module to their names. */
const loadedLater = new Map();
for (const rule of later) {
  const [, source, module, names] = /^([^:]+):([^=]+)=(.+)$/.exec(rule);
  const modules = loadedLater.get(resolve(source)) ?? new Map();
  loadedLater.set(resolve(source), modules.set(module, names.split(',')));
}

/** What loads a module for a function's first call. Where that fails it says what of, and with a code: most often no file can be opened. */
const loadedBy = (file) => `function loaded(name) {
  try {
    return require(${file});
  } catch (cause) {
    const message = name + '(): ' + ${file.replace('file:', '')} + ' could not be loaded: ' + cause.message + '. Call it earlier, while files can be opened';
    throw Object.assign(new Error(message, { cause }), { code: 'ERR_SCHEDHINT_NOT_LOADED' });
  }
}`;

/** Puts functions in the place of such a module that load it when they are called. */
function loadingLater(chunk) {
  const modules = loadedLater.get(chunk.source) ?? new Map();
  return {
    name: 'loading-later',
    setup({ onResolve, onLoad }) {
      onResolve({ filter: /./ }, ({ path, importer, namespace }) => {
        if (namespace === 'later') return { path: path.replace(/^file:/, ''), external: true };
        return importer === chunk.source && modules.has(path)
          ? { path, namespace: 'later' }
          : undefined;
      });
      onLoad({ filter: /./, namespace: 'later' }, ({ path }) => {
        const module = resolve(dirname(chunk.source), path.replace(/\.js$/, '.ts'));
        const from = fileFrom(chunk, module);
        const functions = modules
          .get(path)
          .map(
            (name) =>
              `export function ${name}(...values) { return loaded('${name}').${name}(...values); }`,
          );
        return {
          contents: [loadedBy(JSON.stringify(from)), ...functions].join('\n'),
          loader: 'js',
        };
      });
    },
  };
}

/** What an entry point needs, itself among it. */
async function modulesOf(chunk) {
  const { metafile } = await build({
    ...OPTIONS,
    entryPoints: [chunk.source],
    write: false,
    metafile: true,
    outdir: home,
    plugins: [loadingLater(chunk)],
  });
  return Object.keys(metafile.inputs)
    .filter((path) => !path.startsWith('later:'))
    .map((path) => resolve(path));
}

const chunks = entries.map((entry) => {
  const [output, source] = entry.split('=');
  return { output: resolve(output), source: resolve(source), shared: new Set() };
});
const owners = new Map();
for (const chunk of chunks) {
  for (const module of await modulesOf(chunk)) {
    if (!owners.has(module)) {
      owners.set(module, chunk);
    } else if (owners.get(module) !== chunk) {
      owners.get(module).shared.add(module);
    }
  }
}

/**
 * Requires each of our other packages once in a file, and not once for each module in it: that took 1 ms of a worker's start. They
 * are constants for the reason given below.
 */
function requiringOnce(chunk) {
  return {
    name: 'requiring-once',
    setup({ onResolve, onLoad }) {
      onResolve({ filter: /^@schedhint\// }, ({ path, kind, namespace }) =>
        kind === 'import-statement' && namespace === 'file'
          ? { path, namespace: 'package' }
          : undefined,
      );
      onResolve({ filter: /./, namespace: 'package' }, ({ path }) => ({ path, external: true }));
      onLoad({ filter: /./, namespace: 'package' }, ({ path }) => {
        const names = exportedNames(createRequire(chunk.source).resolve(path)).join(', ');
        return { contents: `export const { ${names} } = require('${path}');`, loader: 'js' };
      });
    },
  };
}

/** The file that has a module, as another file requires it. */
function fileFrom(chunk, module) {
  const from = relative(dirname(chunk.output), owners.get(module)?.output ?? module);
  return `file:${from.startsWith('.') ? from : `./${from}`}`;
}

/** Takes the modules of other entry points from their files. */
function sharing(chunk) {
  return {
    name: 'sharing',
    setup({ onResolve, onLoad }) {
      onResolve({ filter: /^\.\.?\// }, ({ path, resolveDir, namespace }) => {
        if (namespace !== 'file') return undefined;
        const module = resolve(resolveDir, path.replace(/\.js$/, '.ts'));
        const owner = owners.get(module);
        if (owner === undefined || owner === chunk) return undefined;
        return { path: module, namespace: 'shared' };
      });
      onResolve({ filter: /^file:/, namespace: 'shared' }, ({ path }) => ({
        path: path.slice('file:'.length),
        external: true,
      }));
      onLoad({ filter: /./, namespace: 'shared' }, async ({ path }) => {
        const from = fileFrom(chunk, path);
        const name = nameOf(path);
        // Constants, and not the getters of the other file's exports: three of these on the way cost 50 ns a call.
        const shared = `require(${JSON.stringify(from)})[${SHARED}].${name}`;
        const contents = `export const { ${(await exportsOf(path)).join(', ')} } = ${shared};`;
        return { contents, loader: 'js' };
      });
    },
  };
}

/** The names of the values that a module exports. */
async function exportsOf(module) {
  const { metafile } = await build({
    ...OPTIONS,
    entryPoints: [module],
    format: 'esm',
    write: false,
    metafile: true,
    outdir: home,
  });
  return Object.values(metafile.outputs).flatMap(({ exports }) => exports);
}

const nameOf = (module) =>
  relative(join(home, 'src'), module)
    .replace(/\.ts$/, '')
    .replaceAll(/[^A-Za-z0-9]+/g, '_');

/**
 * Exports plain properties when all of the file has run. What esbuild writes instead is a getter for each name of each module, before
 * anything runs: 1 ms of a worker's start. No export of ours changes, and no two files require() each other.
 */
function exporting(names, source, shared) {
  const imported = names.map((name) => `${name} as export_${name}`);
  const properties = names.map((name) => `${name}: export_${name}`);
  const sharedProperties = shared.map(({ name, names }) => {
    return `${name}: { ${names.map((one) => `${one}: ${name}_${one}`).join(', ')} }`;
  });
  return [
    `import { ${imported.join(', ')} } from ${JSON.stringify(source)};`,
    ...shared.map(({ path, name, names }) => {
      return `import { ${names.map((one) => `${one} as ${name}_${one}`).join(', ')} } from ${JSON.stringify(path)};`;
    }),
    `module.exports = { ${properties.join(', ')} };`,
    "Object.defineProperty(module.exports, '__esModule', { value: true });",
    // The other files ask for it when they are loaded.
    shared.length === 0
      ? ''
      : `let shared; Object.defineProperty(module.exports, ${SHARED}, { get: () => shared ??= { ${sharedProperties.join(', ')} } });`,
  ].join('\n');
}

for (const chunk of chunks) {
  const names = await exportsOf(chunk.source);
  if (names.length === 0)
    throw new Error(`${chunk.source}: no exports (export * of a package has no names)`);
  const shared = await Promise.all(
    [...chunk.shared].sort().map(async (path) => {
      return { path, name: nameOf(path), names: await exportsOf(path) };
    }),
  );
  await build({
    ...OPTIONS,
    stdin: {
      contents: exporting(names, chunk.source, shared),
      resolveDir: home,
      sourcefile: 'entry.js',
    },
    banner: { js: '"use strict";' },
    // For the lexer by which `import` finds the names.
    footer: { js: `0 && (module.exports = { ${names.join(', ')} });` },
    outfile: chunk.output,
    plugins: [loadingLater(chunk), requiringOnce(chunk), sharing(chunk)],
    logOverride: { 'commonjs-variable-in-esm': 'silent' },
  });
  nameSources(chunk);
}

/** Names in a file's map what is only made for the build by the source that it stands for: the package has that. */
function nameSources({ output, source }) {
  const file = `${output}.map`;
  const map = JSON.parse(readFileSync(file, 'utf8'));
  const folder = dirname(output);
  map.sources = map.sources.map((name) => {
    if (name.startsWith('package:')) return relative(folder, source);
    if (name.startsWith('later:')) {
      return relative(
        folder,
        resolve(dirname(source), name.slice('later:'.length).replace(/\.js$/, '.ts')),
      );
    }
    if (name.startsWith('shared:')) return relative(folder, name.slice('shared:'.length));
    return existsSync(join(folder, name)) ? name : relative(folder, source);
  });
  writeFileSync(file, JSON.stringify(map));
}
