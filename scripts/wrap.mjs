// Writes a thin ES module over each CommonJS entry point of a package. Usage: node scripts/wrap.mjs MODULE=COMMONJS...

import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, relative } from 'node:path';
import { exportedNames } from './exported-names.mjs';

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

for (const pair of process.argv.slice(2)) {
  const [module, commonJs] = pair.split('=');
  wrapAsModule(module, commonJs);
}
