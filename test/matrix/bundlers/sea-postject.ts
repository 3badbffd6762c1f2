// A single executable as before Node.js 26: a blob, which postject writes into a copy of Node.js.

import { nodeBinaries } from '../../packaging/node-versions/node-binaries.js';
import { runExecutableRow } from './single-executable.js';

const node = nodeBinaries().find(({ version }) => version.startsWith('v24.'))!;

await runExecutableRow({
  tools: ['esbuild', 'postject'],
  node,
  others: `Node.js ${node.version} --experimental-sea-config`,
  output: 'dist/app.blob',
  commands: (ofPage) => ofPage.slice(1),
});
