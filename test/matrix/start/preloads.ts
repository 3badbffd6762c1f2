// Node.js's own options, in each version that is supported.

import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Project } from '../../packaging/install/project.js';
import { nodeBinaries } from '../../packaging/node-versions/node-binaries.js';
import { type RowResult, runRow } from '../row.js';
import { StartedApp } from '../started-app.js';
import { startProject } from './start-project.js';

interface Way {
  /** The options and the environment with which an app that knows nothing of schedhint is started. */
  preload(project: Project): { options?: readonly string[]; env?: NodeJS.ProcessEnv };
  /** Whether the app is started elsewhere than where the packages are installed. */
  readonly elsewhere: boolean;
  readonly found: string;
}

const register = ({ path }: Project) => join(path, 'node_modules/schedhint/dist/register.cjs');

const WAYS: Readonly<Record<string, Way>> = {
  'require-by-name': {
    preload: () => ({ options: ['--require', 'schedhint/register'] }),
    elsewhere: false,
    found: '`--require schedhint/register`',
  },
  'require-by-path': {
    preload: (project) => ({ options: ['--require', register(project)] }),
    elsewhere: true,
    found: '`--require /PATH/register.cjs`, from another directory',
  },
  import: {
    preload: () => ({ options: ['--import', 'schedhint/register'] }),
    elsewhere: false,
    found: "`--import schedhint/register`, and `import 'schedhint/register'` first in the app",
  },
  'node-options-path': {
    preload: (project) => ({ env: { NODE_OPTIONS: `--require ${register(project)}` } }),
    elsewhere: true,
    found: '`NODE_OPTIONS="--require /PATH/register.cjs"`, from another directory',
  },
};

await runRow(async (reader): Promise<RowResult> => {
  const name = process.argv[2]!;
  const { preload, elsewhere, found } = WAYS[name]!;
  const project = startProject();
  try {
    const other = join(project.path, '../elsewhere');
    mkdirSync(other);
    const cwd = elsewhere ? other : project.path;
    const { options = [], env = {} } = preload(project);
    const nodes = nodeBinaries();
    for (const { path: node } of nodes) {
      const programs: (readonly [string, readonly string[], boolean])[] = [
        ['plain.cjs', options, false],
        ['hinted.cjs', [], true],
        ...(name === 'import' ? ([['imports-register.mjs', [], false]] as const) : []),
      ];
      for (const [program, before, hinted] of programs) {
        await StartedApp.run(reader, async (app) => {
          const started = app.start(node, [...before, join(project.path, program)], { cwd, env });
          await app.seen(hinted ? 'hinted' : 'plain', { hinted });
          app.end();
          await started.endedWell();
        });
      }
      if (name === 'require-by-name') await expectNoStartElsewhere(node, other, reader);
    }
    const versions = `Node.js ${nodes.map(({ version }) => version).join(', ')}`;
    return { versions, found: `${found}: urgency 900 and collections seen` };
  } finally {
    project.remove();
  }
});

/** What docs/register.md warns of. */
async function expectNoStartElsewhere(
  node: string,
  cwd: string,
  reader: Parameters<Parameters<typeof runRow>[0]>[0],
): Promise<void> {
  await StartedApp.run(reader, async (app) => {
    const started = app.start(node, ['--require', 'schedhint/register', '-e', '0'], { cwd });
    const { code, output } = await started.ended();
    if (code !== 1 || !output.includes("Cannot find module 'schedhint/register'")) {
      throw new Error(`elsewhere it ended with ${code}: ${output}`);
    }
  });
}
