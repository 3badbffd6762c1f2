// Runs the row of a Vite SSR build with the configuration of docs/bundlers.md.

import { runBundleRow } from './bundle-row.js';
import { recipe } from './recipe.js';

await runBundleRow({
  tools: ['vite'],
  build(workshop, name, output, isPlain) {
    const config = recipe('Vite SSR').files['vite.config.mjs']!;
    workshop.write(
      'vite.config.mjs',
      config
        .replace("'app.mjs'", `'${name}.mjs'`)
        .replace(/, external: [^}]*/, isPlain ? ' ' : '$&'),
    );
    workshop.run(`vite build --outDir ${output}`);
    return `${name}.mjs`;
  },
});
