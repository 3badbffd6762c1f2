// Finds the names that a compiled CommonJS file exports. Imported by build.mjs and bundle.mjs.

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { resolve } from 'node:path';
import { initSync, parse } from 'cjs-module-lexer';

initSync();

/** As Node.js finds them for `import`: by its own lexer. */
export function exportedNames(file, found = new Set()) {
  const { exports, reexports } = parse(readFileSync(file, 'utf8'), file);
  for (const name of exports) if (name !== '__esModule') found.add(name);
  const require = createRequire(resolve(file));
  for (const target of reexports) exportedNames(require.resolve(target), found);
  return [...found].sort();
}
