// Runs the row of tsup with the configuration of docs/bundlers.md, on the newest installed Node.js.

import { dirname } from 'node:path';
import { nodeBinaries } from '../../packaging/node-versions/node-binaries.js';
import { runBundleRow } from './bundle-row.js';
import { recipe } from './recipe.js';

const newest = nodeBinaries().at(-1)!; // tsup 9 asks for Node.js 22.18

await runBundleRow({
  tools: ['tsup', 'typescript'], // its optional peer, which it loads all the same
  build(workshop, name, output, isPlain) {
    const config = recipe('tsup').files['tsup.config.mjs']!;
    workshop.write(
      'tsup.config.mjs',
      config.replace("'app.mjs'", `'${name}.mjs'`).replace(/ +external: .*\n/, isPlain ? '' : '$&'),
    );
    const PATH = `${dirname(newest.path)}:${process.env.PATH}`;
    workshop.run(`node node_modules/.bin/tsup --out-dir ${output}`, { PATH });
    return `${name}.mjs`;
  },
});
