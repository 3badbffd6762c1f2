// A parent that knows nothing of schedhint, a child that uses it and one that does not.

const { fork } = require('node:child_process');
const { join } = require('node:path');

for (const [program, SAY_AS] of [
  ['hinted.cjs', 'child'],
  ['plain.cjs', 'plain-child'],
]) {
  fork(join(__dirname, program), { env: { ...process.env, SAY_AS } });
}
require('./plain.cjs');
