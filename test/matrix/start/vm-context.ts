// An app, and the packages, in their own context: what custom runners and edge sandboxes do.

import { runRow } from '../row.js';
import { StartedApp } from '../started-app.js';
import { toolsNode } from '../tool-project.js';
import { startProject } from './start-project.js';

await runRow(async (reader) => {
  const project = startProject();
  try {
    await StartedApp.run(reader, async (app) => {
      const started = app.start(toolsNode.path, ['runs-in-context.cjs'], { cwd: project.path });
      const { said } = await app.seen('hinted', { hinted: true });
      if (said.ownClasses !== true) throw new Error('the context has not its own classes');
      app.end();
      await started.endedWell();
    });
    return {
      versions: `Node.js ${toolsNode.version}`,
      found: 'app and packages in a vm context with its own classes',
    };
  } finally {
    project.remove();
  }
});
