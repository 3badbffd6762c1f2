// Reads which file imports which: TypeScript and JavaScript with dependency-cruiser, C++ by its #include "..." lines.

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { cruise } from 'dependency-cruiser';

/** Type-only imports are arrows too: a change of the type concerns each file that names it. */
const CRUISE = {
  exclude: { path: String.raw`\.test\.[cm]?[jt]s$` },
  doNotFollow: { path: '(^|/)(node_modules|dist|build)/' },
  moduleSystems: ['es6', 'cjs'],
  tsPreCompilationDeps: true,
  enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['types', 'import'] },
};

/**
 * @param {string} root of the repository
 * @param {string[]} homes folders in it
 * @returns {Promise<{ files: string[], arrows: import('./room-graph.mjs').Arrow[], packages: { from: string, name: string }[] }>}
 *   the files, what they import of each other, and what they import of the packages @schedhint/*
 */
export async function typeScriptImports(root, homes) {
  const there = homes.filter((home) => existsSync(join(root, home)));
  const { output } = await cruise(there, { ...CRUISE, baseDir: root });
  const files = output.modules
    .map(({ source }) => source)
    .filter((file) => there.some((home) => file.startsWith(`${home}/`)));
  const inside = new Set(files);
  const arrows = [];
  const packages = [];
  for (const { source, dependencies } of output.modules.filter(({ source }) =>
    inside.has(source),
  )) {
    for (const { module, resolved } of dependencies) {
      if (/^@?schedhint(\/|$)/.test(module)) packages.push({ from: source, name: module });
      else if (inside.has(resolved)) arrows.push({ from: source, to: resolved });
    }
  }
  return { files, arrows, packages };
}

/**
 * @param {string} root of the repository
 * @param {string} home of the files
 * @param {readonly string[]} includePath where else an #include is looked for
 * @returns {{ files: string[], arrows: import('./room-graph.mjs').Arrow[] }} `to` may be outside of the home
 */
export function cppImports(root, home, includePath) {
  const files = readdirSync(join(root, home), { recursive: true })
    .filter((name) => /\.(cc?|h)$/.test(name))
    .map((name) => `${home}/${name}`)
    .sort();
  const arrows = files.flatMap((from) => {
    const text = readFileSync(join(root, from), 'utf8');
    return [...text.matchAll(/^\s*#\s*include\s+["<]([^">]+\.\w+)[">]/gm)].flatMap(([, name]) => {
      const to = [dirname(from), home, ...includePath]
        .map((folder) => normalize(join(folder, name)))
        .find((path) => existsSync(join(root, path)));
      return to === undefined ? [] : [{ from, to }];
    });
  });
  return { files, arrows };
}
