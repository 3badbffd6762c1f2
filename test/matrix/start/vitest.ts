// vitest: test files in each of its pools.

import { join } from 'node:path';
import { runRow } from '../row.js';
import { StartedApp } from '../started-app.js';
import { toolsNode } from '../tool-project.js';
import { startProjectWith } from './start-project.js';

await runRow(async (reader) => {
  const pool = process.argv[2]!;
  const { tools, project } = startProjectWith({ vitest: '5.1.2', vite: '8.3.8' });
  try {
    await StartedApp.run(reader, async (app) => {
      const register = join(project.path, 'node_modules/schedhint/dist/register.cjs');
      const env = { NODE_OPTIONS: `--require ${register}` };
      const options = ['run', '--config', 'vitest.config.mjs', `--pool=${pool}`, '--maxWorkers=2'];
      const args = [tools.bin('vitest'), ...options];
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
