// A single executable, built by Node.js itself.

import { nodeBinaries } from '../../packaging/node-versions/node-binaries.js';
import { runExecutableRow } from './single-executable.js';

const newest = nodeBinaries().at(-1)!;

await runExecutableRow({
  tools: ['esbuild'],
  node: newest,
  others: `Node.js ${newest.version} --build-sea`,
  output: 'dist/app',
  commands: (ofPage) => ofPage.slice(0, 1),
});
