// The packages as each package manager lays them out, and an app that its `run` starts. They come from the packed tarballs.

import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, writeFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import type { Tarball } from '../../packaging/install/project.js';
import { InstalledTools } from '../installed-tools.js';
import { runRow } from '../row.js';
import { StartedApp } from '../started-app.js';
import { toolsNode } from '../tool-project.js';
import { startProject } from './start-project.js';

interface Manager {
  /** Null: the npm that is there. */
  readonly tool: readonly [name: string, version: string] | null;
  /** What runs it. */
  readonly command: (tools: InstalledTools) => readonly [string, ...string[]];
  /** What the project has besides its `package.json`. */
  readonly files?: (
    overrides: Readonly<Record<string, string>>,
  ) => Readonly<Record<string, string>>;
  readonly install: readonly string[];
  readonly found: string;
}

const MANAGERS: Readonly<Record<string, Manager>> = {
  npm: {
    tool: null,
    command: () => ['npm'],
    install: ['install', '--prefer-offline', '--no-audit', '--no-fund'],
    found: '`npm run`',
  },
  pnpm: {
    tool: ['pnpm', '12.4.2'],
    // Not by its install script, which puts this in the place of `pnpm`.
    command: ({ path }) => [join(path, `node_modules/@pnpm/exe.linux-${process.arch}/pnpm`)],
    files: (overrides) => ({ 'pnpm-workspace.yaml': `${JSON.stringify({ overrides })}\n` }), // JSON is YAML
    install: ['install', '--ignore-scripts'],
    found: '`pnpm run`; the addon is opened once in a thread, though two paths lead to it',
  },
  'yarn-classic': {
    tool: ['yarn', '1.22.22'],
    command: (tools) => [toolsNode.path, tools.bin('yarn')],
    // Its own cache: it takes another tarball of the same name and version for the same.
    install: [
      ...['install', '--ignore-scripts', '--non-interactive', '--no-lockfile'],
      ...['--cache-folder', '../yarn-cache'],
    ],
    found: '`yarn run`',
  },
  'yarn-pnp': {
    tool: ['@yarnpkg/cli-dist', '4.18.1'],
    command: (tools) => [toolsNode.path, tools.bin('@yarnpkg/cli-dist', 'yarn')],
    files: () => ({
      '.yarnrc.yml': 'nodeLinker: pnp\nenableGlobalCache: false\nenableScripts: false\n',
      'yarn.lock': '',
    }),
    install: ['install', '--no-immutable'],
    found: "`yarn run` with Plug'n'Play: by name; Yarn unplugs the addon",
  },
};

const PROGRAMS = ['hinted.cjs', 'plain.cjs', 'say.cjs'];
const SCRIPTS = { plain: 'node --require schedhint/register plain.cjs', hinted: 'node hinted.cjs' };

await runRow(async (reader) => {
  const { tool, command, files, install, found } = MANAGERS[process.argv[2]!]!;
  const packed = startProject();
  try {
    const cwd = join(packed.path, '../managed');
    const overrides = Object.fromEntries(
      packed.tarballs.map(({ name, path }: Tarball) => [name, `file:${path}`]),
    );
    mkdirSync(cwd);
    for (const program of PROGRAMS) cpSync(join(packed.path, program), join(cwd, program));
    const manifest = {
      ...{ name: 'managed', private: true, scripts: SCRIPTS },
      ...{ dependencies: overrides, resolutions: overrides }, // Yarn's name for them
    };
    const all = { 'package.json': JSON.stringify(manifest), ...files?.(overrides) };
    for (const [name, text] of Object.entries(all)) writeFileSync(join(cwd, name), text);

    const tools = InstalledTools.of(tool === null ? {} : { [tool[0]]: tool[1] });
    const [program, ...before] = command(tools);
    const env = environment();
    execFileSync(program, [...before, ...install], {
      cwd,
      env: { ...process.env, ...env },
      stdio: ['ignore', 2, 2],
    });
    for (const [script, hinted] of [
      ['plain', false],
      ['hinted', true],
    ] as const) {
      await StartedApp.run(reader, async (app) => {
        const started = app.start(program, [...before, 'run', script], { cwd, env });
        const { said } = await app.seen(script, { hinted });
        if (hinted && said.addons !== 1) throw new Error(`${said.addons} addons were opened`);
        app.end();
        await started.endedWell();
      });
    }
    const npm = execFileSync('npm', ['--version'], { encoding: 'utf8' }).trim();
    const versions = tool === null ? `npm ${npm}` : tools.versions;
    return { versions: `Node.js ${toolsNode.version}, ${versions}`, found };
  } finally {
    packed.remove();
  }
});

/** The registry that npm uses, set in each one's own way; and the Node.js that scripts find. */
function environment(): NodeJS.ProcessEnv {
  const registry = execFileSync('npm', ['config', 'get', 'registry'], { encoding: 'utf8' }).trim();
  return {
    npm_config_registry: registry,
    YARN_REGISTRY: registry,
    YARN_NPM_REGISTRY_SERVER: registry,
    YARN_ENABLE_TELEMETRY: '0',
    PATH: `${dirname(toolsNode.path)}${delimiter}${process.env.PATH}`,
  };
}
