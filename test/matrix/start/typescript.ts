// Programs in TypeScript, compiled as they are loaded.

import { join } from 'node:path';
import { runRow } from '../row.js';
import { StartedApp } from '../started-app.js';
import { toolsNode } from '../tool-project.js';
import { startProjectWith } from './start-project.js';

const TOOLS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  tsx: { tsx: '4.23.15' },
  'ts-node': { 'ts-node': '10.9.2', typescript: '5.9.3', '@types/node': '24.10.1' },
};

await runRow(async (reader) => {
  const name = process.argv[2]!;
  const { tools, project } = startProjectWith(TOOLS[name]!);
  try {
    const register = join(project.path, 'node_modules/schedhint/dist/register.cjs');
    for (const [program, env, hinted] of [
      ['plain.cts', { NODE_OPTIONS: `--require ${register}` }, false],
      ['hinted.cts', {}, true],
    ] as const) {
      await StartedApp.run(reader, async (app) => {
        const args = [tools.bin(name), program];
        const started = app.start(toolsNode.path, args, { cwd: project.path, env });
        await app.seen(hinted ? 'hinted' : 'plain', { hinted });
        app.end();
        await started.endedWell();
      });
    }
    return {
      versions: `Node.js ${toolsNode.version}, ${tools.versions}`,
      found: '`NODE_OPTIONS` preloads, `attachThread()` works',
    };
  } finally {
    project.remove();
  }
});
