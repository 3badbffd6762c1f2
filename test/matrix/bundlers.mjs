// Every way of building: npm run matrix -- bundlers

const MINUTES = { 'next-turbopack': 20, 'next-webpack': 25 };
const names = [
  ...['esbuild-esm', 'esbuild-cjs', 'esbuild-copy', 'rollup', 'webpack', 'rspack', 'vite-ssr'],
  ...['tsup', 'nft', 'next-turbopack', 'next-webpack', 'sea', 'sea-postject'],
];

/** @type {import('../../scripts/matrix.mjs').Row[]} */
export const rows = names.map((name) => ({
  name,
  command: ['--import', 'ts-blank-space/register', `test/matrix/bundlers/${name}.ts`],
  minutes: MINUTES[name] ?? 10,
}));
