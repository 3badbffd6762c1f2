// Processes that Node.js starts itself. The preload comes by NODE_OPTIONS, with the absolute path.

import { join } from 'node:path';
import { runRow } from '../row.js';
import { StartedApp } from '../started-app.js';
import { toolsNode } from '../tool-project.js';
import { startProject } from './start-project.js';

const WAYS: Readonly<Record<string, { program: string; hinted: string[]; found: string }>> = {
  cluster: {
    program: 'cluster.cjs',
    hinted: ['worker-1', 'worker-2'],
    found: '`NODE_OPTIONS` reaches the primary and its workers, `attachThread()` works in each',
  },
  'child-process-fork': {
    program: 'fork.cjs',
    hinted: ['child'],
    found: '`NODE_OPTIONS` reaches parent and child, `attachThread()` works in both',
  },
};

await runRow(async (reader) => {
  const { program, hinted, found } = WAYS[process.argv[2]!]!;
  const project = startProject();
  try {
    await StartedApp.run(reader, async (app) => {
      const register = join(project.path, 'node_modules/schedhint/dist/register.cjs');
      const env = { NODE_OPTIONS: `--require ${register}` };
      const started = app.start(toolsNode.path, [program], { cwd: project.path, env });
      for (const name of hinted) await app.seen(name, { hinted: true });
      // They know nothing of schedhint.
      for (const name of ['plain', 'plain-child']) await app.seen(name, { hinted: false });
      app.end();
      await started.endedWell();
    });
    return { versions: `Node.js ${toolsNode.version}`, found };
  } finally {
    project.remove();
  }
});
