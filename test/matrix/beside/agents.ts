// An app under an agent's preload and ours, in both orders: requests keep their context, the kernel sees the hints, and the exit code
// is the one that the app has with the agent alone. No agent has a backend here, and the app has no network but the machine's own.

import { join } from 'node:path';
import { type KernelReader, runRow } from '../row.js';
import { StartedApp } from '../started-app.js';
import { toolProject, toolsNode } from '../tool-project.js';

interface Agent {
  readonly versions: Readonly<Record<string, string>>;
  /** What its users are asked to preload. */
  readonly preload: string;
  /** With `--import`, where that is another file. */
  readonly imported?: string;
  /** Set to be quiet, and to look for nothing. */
  readonly env: NodeJS.ProcessEnv;
}

const AGENTS: Readonly<Record<string, Agent>> = {
  'dd-trace': {
    versions: { 'dd-trace': '6.21.0' },
    preload: 'dd-trace/init',
    imported: 'dd-trace/initialize.mjs',
    env: {
      DD_TRACE_AGENT_URL: 'http://127.0.0.1:9',
      DD_INSTRUMENTATION_TELEMETRY_ENABLED: 'false',
      DD_REMOTE_CONFIGURATION_ENABLED: 'false',
      DD_CRASHTRACKING_ENABLED: 'false',
      DD_TRACE_STARTUP_LOGS: 'false',
      DD_TRACE_LOG_LEVEL: 'error',
    },
  },
  opentelemetry: {
    versions: {
      '@opentelemetry/auto-instrumentations-node': '0.82.0',
      '@opentelemetry/api': '1.10.0',
    },
    preload: '@opentelemetry/auto-instrumentations-node/register',
    env: {
      OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:9',
      OTEL_NODE_RESOURCE_DETECTORS: 'env,host,os,process', // the others ask clouds
      OTEL_METRICS_EXPORTER: 'none',
      OTEL_LOGS_EXPORTER: 'none',
      OTEL_LOG_LEVEL: 'none',
    },
  },
  newrelic: {
    versions: { newrelic: '14.5.1' },
    preload: 'newrelic',
    env: {
      NEW_RELIC_APP_NAME: 'beside',
      NEW_RELIC_LICENSE_KEY: '0'.repeat(40),
      NEW_RELIC_HOST: '127.0.0.1',
      NEW_RELIC_PORT: '9',
      NEW_RELIC_LOG_ENABLED: 'false',
      ...Object.fromEntries(
        ['AWS', 'AZURE', 'AZUREFUNCTION', 'DOCKER', 'GCP', 'KUBERNETES', 'PCF'].map((cloud) => [
          `NEW_RELIC_UTILIZATION_DETECT_${cloud}`,
          'false',
        ]),
      ),
    },
  },
  sentry: {
    versions: { '@sentry/node': '11.12.0' },
    preload: './sentry-instrument.cjs',
    env: { SENTRY_DSN: 'http://public@127.0.0.1:9/1' },
  },
};

/** The exit codes that the app may be asked to end with. */
const CODES = [0, 3];

await runRow(async (reader) => {
  const name = process.argv[2]!;
  const { versions, preload, imported = preload, env } = AGENTS[name]!;
  const { tools, project } = toolProject(new URL('programs', import.meta.url), versions);
  const register = join(project.path, 'node_modules/schedhint/dist/register.cjs');
  try {
    const run = (options: readonly string[], code: number, hinted: boolean) =>
      end(reader, project.path, options, { ...env, AGENT: name, EXIT_CODE: `${code}` }, hinted);
    for (const code of CODES) {
      const alone = await run(['--require', preload], code, false);
      if (alone !== code) throw new Error(`with the agent alone it ended with ${alone}`);
      for (const [option, file] of [
        ['--require', preload],
        ['--import', imported],
      ] as const) {
        const ours = [option, register];
        const theirs = [option, file];
        for (const order of [
          [...ours, ...theirs],
          [...theirs, ...ours],
        ]) {
          const ended = await run(order, code, true);
          if (ended !== code) throw new Error(`${order.join(' ')}: it ended with ${ended}`);
        }
      }
    }
    return {
      versions: `Node.js ${toolsNode.version}, ${tools!.versions}`,
      found:
        '`--require` and `--import`, both orders: context kept in concurrent requests, hints seen, exit codes 0 and 3 kept',
    };
  } finally {
    project.remove();
  }
});

/** Runs the app to its end. @returns its exit code */
async function end(
  reader: KernelReader,
  cwd: string,
  options: readonly string[],
  env: NodeJS.ProcessEnv,
  hinted: boolean,
): Promise<number | null> {
  return await StartedApp.run(reader, async (app) => {
    const switches = hinted ? {} : { SCHEDHINT: 'off' };
    const args = [...options, 'server.cjs'];
    const started = app.start(toolsNode.path, args, { cwd, env: { ...env, ...switches } });
    const said = await app.said('served');
    const { requests, lost, traced, inFlight } = said;
    if (lost !== 0 || traced !== requests || inFlight !== 0) {
      throw new Error(`${options.join(' ')}: ${JSON.stringify(said)}: ${started.output}`);
    }
    if (hinted) await app.seen('served', { hinted: true });
    app.end();
    return (await started.ended()).code;
  });
}
