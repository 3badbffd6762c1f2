// Frameworks whose requests are tracked without code, under load: npm run matrix -- frameworks

const MINUTES = { next: 20 };
const names = [
  ...['http', 'http2-compat', 'http2-streams', 'express', 'koa', 'fastify', 'hono'],
  ...['nest-express', 'nest-fastify', 'next', 'trpc', 'grpc'],
];

/** @type {import('../../scripts/matrix.mjs').Row[]} */
export const rows = names.map((name) => ({
  name,
  command: ['--import', 'ts-blank-space/register', 'test/matrix/frameworks/framework.ts', name],
  minutes: MINUTES[name] ?? 10,
}));
