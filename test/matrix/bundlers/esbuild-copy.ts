// Runs the row of esbuild with the addon copied next to the bundle, so that the package itself need not be installed.

import { runBundleRow } from './bundle-row.js';
import { recipe } from './recipe.js';

await runBundleRow({
  tools: ['esbuild'],
  needsPackage: false,
  build(workshop, name, output, isPlain) {
    const { files, commands } = recipe('The addon next to the bundle');
    for (const [file, content] of Object.entries(files)) {
      workshop.write(file, content.replace('./app.mjs', `./${name}.mjs`));
    }
    const command = commands[0]!.replace('npx ', '').replace('=dist', `=${output}`);
    workshop.run(isPlain ? command.replace('main.mjs', `${name}.mjs`) : command);
    return isPlain ? `${name}.mjs` : 'main.mjs';
  },
});
