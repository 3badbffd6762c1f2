// Builds an app into a copy of a Node.js, with the addon as an asset, by the commands of docs/bundlers.md.

import type { NodeBinary } from '../../packaging/node-versions/node-binaries.js';
import { runBundleRow } from './bundle-row.js';
import { recipe } from './recipe.js';

export interface ExecutableRow {
  readonly tools: readonly string[];
  readonly node: NodeBinary;
  /** What the versions say besides the tools'. */
  readonly others: string;
  /** Where the configuration's `output` goes. */
  readonly output: string;
  /** Those of the page that follow esbuild's. */
  readonly commands: (ofPage: readonly string[]) => readonly string[];
}

export function runExecutableRow({ tools, node, others, output, commands }: ExecutableRow) {
  return runBundleRow({
    tools,
    needsPackage: false,
    others,
    command: (program) => [program],
    build(workshop, name, folder, isPlain) {
      const { files, commands: ofPage, json } = recipe('Single executables');
      for (const [file, content] of Object.entries(files)) {
        workshop.write(file, content.replace('./app.mjs', `./${name}.mjs`));
      }
      const config = { ...JSON.parse(json), output };
      if (isPlain) delete config.assets;
      workshop.write('sea.json', JSON.stringify(config));
      const [bundle, ...others] = ofPage.map((command) => command.replace('npx ', ''));
      workshop.run(isPlain ? bundle!.replace('main.mjs', `${name}.mjs`) : bundle!);
      for (const command of commands(others)) {
        workshop.run(
          command.replace(/^node/, node.path).replace('"$(command -v node)"', node.path),
        );
      }
      workshop.run(`mkdir ${folder} && mv dist/app ${folder}/app`);
      return 'app';
    },
  });
}
