// Builds the apps with the webpack configuration of docs/bundlers.md, by the JavaScript API of webpack or Rspack.

import { runBundleRow } from './bundle-row.js';
import { recipe } from './recipe.js';

/** The row of webpack, or of Rspack, which takes the same configuration. */
export function runPackerRow(tool: 'webpack' | '@rspack/core'): Promise<void> {
  return runBundleRow({
    tools: [tool],
    build(workshop, name, output, isPlain) {
      workshop.write(
        'webpack.config.mjs',
        recipe('webpack and Rspack').files['webpack.config.mjs']!,
      );
      workshop.write('build.mjs', BUILD);
      workshop.run(`node build.mjs ${tool} ${name} ${output} ${isPlain ? 'plain' : 'recipe'}`);
      return 'app.cjs';
    },
  });
}

/** What the tools' commands do, which are separate packages. */
const BUILD = `
import { join } from 'node:path';
import config from './webpack.config.mjs';

const [tool, name, output, kind] = process.argv.slice(2);
const { default: webpack, rspack } = await import(tool);
if (kind === 'plain') delete config.externals;
const options = {
  mode: 'production',
  ...config,
  context: import.meta.dirname ?? process.cwd(),
  entry: './' + name + '.mjs',
  output: { path: join(process.cwd(), output), filename: 'app.cjs' },
};
(rspack ?? webpack)(options, (error, stats) => {
  if (error) throw error;
  const { errors, warnings } = stats.toJson({ all: false, errors: true, warnings: true });
  for (const { message } of errors) console.error('error:', message);
  for (const { message } of warnings) console.error('warning:', message);
  process.exitCode = errors.length > 0 ? 1 : 0;
});
`;
