// jest: test files in its worker processes and in its worker threads.

import { join } from 'node:path';
import { runRow } from '../row.js';
import { StartedApp } from '../started-app.js';
import { toolsNode } from '../tool-project.js';
import { startProjectWith } from './start-project.js';

await runRow(async (reader) => {
  const threads = process.argv[2] === 'jest-threads';
  const { tools, project } = startProjectWith({ jest: '30.5.2' });
  try {
    await StartedApp.run(reader, async (app) => {
      const register = join(project.path, 'node_modules/schedhint/dist/register.cjs');
      const env = { NODE_OPTIONS: `--require ${register}` };
      const options = ['--config', 'jest.config.json', '--maxWorkers=2'];
      const args = [tools.bin('jest'), ...options, ...(threads ? ['--workerThreads'] : [])];
      const started = app.start(toolsNode.path, args, { cwd: project.path, env });
      await app.seen('hinted', { hinted: true });
      await app.seen('plain', { hinted: false });
      app.end();
      await started.endedWell();
    });
    return {
      versions: `Node.js ${toolsNode.version}, ${tools.versions}`,
      found: '`attachThread()` in a test file, and `NODE_OPTIONS` for one without',
    };
  } finally {
    project.remove();
  }
});
