// A single executable: Node.js with the app in it, and the addon as an asset.

import { nodeBinaries } from '../../packaging/node-versions/node-binaries.js';
import { runBundleRow } from './bundle-row.js';
import { recipe } from './recipe.js';

const newest = nodeBinaries().at(-1)!;

await runBundleRow({
  tools: ['esbuild'],
  needsPackage: false,
  others: `Node.js ${newest.version} --build-sea`,
  command: (program) => [program],
  build(workshop, name, output, isPlain) {
    const { files, commands, json } = recipe('Single executables');
    for (const [file, content] of Object.entries(files)) {
      workshop.write(file, content.replace('./app.mjs', `./${name}.mjs`));
    }
    const config = JSON.parse(json);
    if (isPlain) delete config.assets;
    workshop.write('sea.json', JSON.stringify(config));
    const [bundle, build] = commands.map((command) => command.replace('npx ', ''));
    workshop.run(isPlain ? bundle!.replace('main.mjs', `${name}.mjs`) : bundle!);
    workshop.run(`mkdir ${output} && ${build!.replace(/^node/, newest.path)}`);
    workshop.run(`mv ${config.output} ${output}/app`);
    return 'app';
  },
});
