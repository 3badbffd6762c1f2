// Other people's programs that read what we write: npm run matrix -- peers

/** @type {import('../../scripts/matrix.mjs').Row[]} */
export const rows = [{ name: 'scx_layered', command: ['test/peers/scx-layered.mjs'], minutes: 40 }];
