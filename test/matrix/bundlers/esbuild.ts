// Builds the apps with the esbuild command of docs/bundlers.md, with the file names and the output format replaced.

import { runBundleRow } from './bundle-row.js';
import { recipe } from './recipe.js';

/** The row of one output format. */
export function runEsbuildRow(format: 'esm' | 'cjs'): Promise<void> {
  const extension = format === 'esm' ? 'mjs' : 'cjs';
  return runBundleRow({
    tools: ['esbuild'],
    build(workshop, name, output, isPlain) {
      const [command] = recipe('esbuild').commands;
      const program = `app.${extension}`;
      workshop.run(
        command!
          .replace('npx ', '')
          .replace(' app.mjs', ` ${name}.mjs`)
          .replace('dist/app.mjs', `${output}/${program}`)
          .replace('--format=esm', `--format=${format}`)
          .replace(' --external:@schedhint/native', isPlain ? '' : '$&'),
      );
      return program;
    },
  });
}
