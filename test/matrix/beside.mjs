// Next to other people's packages: agents that instrument an app, and what the integrations are for: npm run matrix -- beside

const row = (name, file) => ({
  name,
  command: ['--import', 'ts-blank-space/register', `test/matrix/beside/${file}.ts`, name],
  minutes: 20,
});

/** @type {import('../../scripts/matrix.mjs').Row[]} */
export const rows = [
  ...['dd-trace', 'opentelemetry', 'newrelic', 'sentry'].map((name) => row(name, 'agents')),
  ...['fastify', 'opentelemetry-api', 'prom-client'].map((name) => row(name, 'integrations')),
];
