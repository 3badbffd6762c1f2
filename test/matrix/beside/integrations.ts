// What the integrations are for, in the oldest and the newest version that they support, and in one that is too old: npm installs
// schedhint next to each, and then it works, or says what it needs.

import { runRow } from '../row.js';
import { StartedApp } from '../started-app.js';
import { toolProject, toolsNode } from '../tool-project.js';

interface Integration {
  /** Those that work. */
  readonly works: readonly Readonly<Record<string, string>>[];
  readonly tooOld?: Readonly<Record<string, string>>;
  /** What is said of that one. */
  readonly refusal?: RegExp;
}

const INTEGRATIONS: Readonly<Record<string, Integration>> = {
  fastify: {
    works: [{ fastify: '4.23.0' }, { fastify: '4.29.1' }, { fastify: '5.12.8' }],
    tooOld: { fastify: '4.22.0' },
    refusal: /FST_ERR_PLUGIN_VERSION_MISMATCH.*expected '>=4\.23\.0' fastify version, '4\.22\.0'/s,
  },
  'opentelemetry-api': {
    works: [
      { '@opentelemetry/api': '1.3.0', '@opentelemetry/sdk-metrics': '1.8.0' },
      { '@opentelemetry/api': '1.9.0', '@opentelemetry/sdk-metrics': '2.12.1' },
      { '@opentelemetry/api': '1.10.0', '@opentelemetry/sdk-metrics': '3.1.1' },
    ],
    tooOld: { '@opentelemetry/api': '1.2.0' },
    refusal: /a Meter of @opentelemetry\/api 1\.3 or newer.*ERR_SCHEDHINT_OPTION/s,
  },
  'prom-client': {
    works: ['12.0.0', '13.0.0', '14.2.0', '15.1.3'].map((version) => ({ 'prom-client': version })),
  },
};

const PROGRAMS = new URL('programs', import.meta.url);

await runRow(async (reader) => {
  const name = process.argv[2]!;
  const { works, tooOld, refusal } = INTEGRATIONS[name]!;
  const tried: string[] = [];
  for (const versions of tooOld === undefined ? works : [...works, tooOld]) {
    const { tools, project } = toolProject(PROGRAMS, versions);
    try {
      for (const program of [`${name}.mjs`, `${name}.cjs`]) {
        await StartedApp.run(reader, async (app) => {
          const started = app.start(toolsNode.path, [program], { cwd: project.path });
          if (versions === tooOld) {
            const { code, output } = await started.ended();
            if (code !== 1 || !refusal!.test(output)) {
              throw new Error(`${tools!.versions}: it ended with ${code}: ${output}`);
            }
          } else {
            await app.seen('works', { hinted: true });
            app.end();
            await started.endedWell();
          }
        });
      }
      if (versions !== tooOld) tried.push(tools!.versions);
    } finally {
      project.remove();
    }
  }
  const [[what, version] = []] = Object.entries(tooOld ?? {});
  const refused = what === undefined ? '' : `; next to ${what} ${version} it says what it needs`;
  return {
    versions: `Node.js ${toolsNode.version}, ${tried.join('; ')}`,
    found: `npm installs beside each, and all work${refused}`,
  };
});
