// Writes the CommonJS implementation of a package: one file for each entry point, because what Node.js pays for at a start is the
// number of files. A module that two entry points need is in the first one's file, and the others require() that one: a process has
// one copy of its state. Usage: node scripts/bundle.mjs HOME DIR=SOURCE...

import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { build } from 'esbuild';

const [home, ...entries] = process.argv.slice(2);
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

/** What an entry point needs, itself among it. */
async function modulesOf(source) {
  const { metafile } = await build({
    ...OPTIONS,
    entryPoints: [source],
    write: false,
    metafile: true,
    outdir: home,
  });
  return Object.keys(metafile.inputs).map((path) => resolve(path));
}

const chunks = entries.map((entry) => {
  const [output, source] = entry.split('=');
  return { output: resolve(output), source: resolve(source), shared: new Set() };
});
const owners = new Map();
for (const chunk of chunks) {
  for (const module of await modulesOf(chunk.source)) {
    if (!owners.has(module)) {
      owners.set(module, chunk);
    } else if (owners.get(module) !== chunk) {
      owners.get(module).shared.add(module);
    }
  }
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
        const owner = owners.get(path);
        const from = relative(dirname(chunk.output), owner.output);
        const file = from.startsWith('.') ? from : `./${from}`;
        const name = nameOf(path);
        // Constants, and not the getters of the other file's exports: three of these on the way cost 50 ns a call.
        const shared = `require(${JSON.stringify(`file:${file}`)})[${SHARED}].${name}`;
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

for (const chunk of chunks) {
  const shared = [...chunk.shared].sort();
  const text = [
    `export * from ${JSON.stringify(chunk.source)};`,
    ...shared.map((path) => `import * as ${nameOf(path)} from ${JSON.stringify(path)};`),
    shared.length === 0
      ? ''
      : `Object.defineProperty(module.exports, ${SHARED}, { value: { ${shared.map(nameOf).join(', ')} } });`,
  ];
  await build({
    ...OPTIONS,
    ...(shared.length === 0
      ? { entryPoints: [chunk.source] }
      : { stdin: { contents: text.join('\n'), resolveDir: home, sourcefile: 'entry.js' } }),
    outfile: chunk.output,
    plugins: [sharing(chunk)],
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
    if (name.startsWith('shared:')) return relative(folder, name.slice('shared:'.length));
    return existsSync(join(folder, name)) ? name : relative(folder, source);
  });
  writeFileSync(file, JSON.stringify(map));
}
