// What starts an app again when one of its files has changed: the new one is hinted too.

import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import { runRow } from '../row.js';
import { StartedApp } from '../started-app.js';
import { toolsNode } from '../tool-project.js';
import { startProject, startProjectWith } from './start-project.js';

await runRow(async (reader) => {
  const isNodemon = process.argv[2] === 'nodemon';
  const { tools, project } = isNodemon
    ? startProjectWith({ nodemon: '3.1.14' })
    : { tools: null, project: startProject() };
  try {
    const register = join(project.path, 'node_modules/schedhint/dist/register.cjs');
    const watch = tools === null ? ['--watch'] : [tools.bin('nodemon'), '--quiet'];
    for (const [program, preload, hinted] of [
      ['plain.cjs', ['--require', register], false],
      ['hinted.cjs', [], true],
    ] as const) {
      await StartedApp.run(reader, async (app) => {
        const name = hinted ? 'hinted' : 'plain';
        const args = [...watch, ...preload, program];
        app.start(toolsNode.path, args, { cwd: project.path, env: { SAY_AS: name } });
        const { said: first } = await app.seen(name, { hinted });
        appendFileSync(join(project.path, program), '\n');
        await app.seen(name, { hinted, isNew: ({ pid }) => pid !== first.pid });
      });
    }
    return {
      versions: [`Node.js ${toolsNode.version}`, ...(tools === null ? [] : [tools.versions])].join(
        ', ',
      ),
      found: '`--require` preloads, `attachThread()` works, also after a restart',
    };
  } finally {
    project.remove();
  }
});
