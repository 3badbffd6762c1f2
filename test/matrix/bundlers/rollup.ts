// Runs the row of Rollup with the configuration of docs/bundlers.md.

import { runBundleRow } from './bundle-row.js';
import { recipe } from './recipe.js';

await runBundleRow({
  tools: ['rollup', '@rollup/plugin-commonjs', '@rollup/plugin-node-resolve'],
  build(workshop, name, output, isPlain) {
    const config = recipe('Rollup').files['rollup.config.mjs']!;
    workshop.write(
      'rollup.config.mjs',
      config
        .replace("'app.mjs'", `'${name}.mjs'`)
        .replace('dist/', `${output}/`)
        .replace(/ +external: .*\n/, isPlain ? '' : '$&'),
    );
    workshop.run('rollup --config');
    return 'app.mjs';
  },
});
