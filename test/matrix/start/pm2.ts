// pm2: what preloads in which mode. docs/register.md has the table.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { runRow } from '../row.js';
import { StartedApp } from '../started-app.js';
import { toolsNode } from '../tool-project.js';
import { startProjectWith } from './start-project.js';

const mode = process.argv[2] === 'pm2-cluster' ? 'cluster' : 'fork';

await runRow(async (reader) => {
  const { tools, project } = startProjectWith({ pm2: '7.0.4' });
  try {
    await StartedApp.run(reader, async (app) => {
      const register = join(project.path, 'node_modules/schedhint/dist/register.cjs');
      const preload = `--require ${register}`;
      const one = (name: string, script: string, settings: object, env: object = {}) => ({
        ...{ name, script, exec_mode: mode, instances: 1, cwd: project.path, ...settings },
        env: { SAY_AS: name, ...env },
      });
      const apps = [
        one('hinted', 'hinted.cjs', {}),
        one('by-node-args', 'plain.cjs', { node_args: preload }),
        one('by-environment', 'plain.cjs', {}, { NODE_OPTIONS: preload }),
      ];
      const config = join(project.path, 'ecosystem.config.cjs');
      writeFileSync(config, `module.exports = ${JSON.stringify({ apps }, null, 2)};\n`);
      const env = { PM2_HOME: join(project.path, 'pm2') };
      const pm2 = (...args: string[]) =>
        app.start(toolsNode.path, [tools.bin('pm2'), ...args], { cwd: project.path, env });

      // Its daemon stays in the foreground, so that it ends with the row.
      pm2('start', config, '--no-daemon');
      await app.seen('hinted', { hinted: true });
      await app.seen('by-node-args', { hinted: false });
      if (mode === 'fork') {
        await app.seen('by-environment', { hinted: false });
      } else if (await app.isKnown(await app.said('by-environment'))) {
        throw new Error(
          'env.NODE_OPTIONS preloads in cluster mode: docs/register.md says that it does not',
        );
      }
    });
    const found =
      mode === 'fork'
        ? '`node_args` and `env.NODE_OPTIONS` preload'
        : '`node_args` preloads, `env.NODE_OPTIONS` does not';
    return { versions: `Node.js ${toolsNode.version}, ${tools.versions}`, found };
  } finally {
    project.remove();
  }
});
