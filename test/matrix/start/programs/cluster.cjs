// A primary that knows nothing of schedhint, two workers that use it and one that does not.

const cluster = require('node:cluster');
const { join } = require('node:path');
const { collectUntilEnd, say } = require('./say.cjs');

for (const [program, SAY_AS] of [
  ['hinted.cjs', 'worker-1'],
  ['hinted.cjs', 'worker-2'],
  ['plain.cjs', 'plain-child'],
]) {
  cluster.setupPrimary({ exec: join(__dirname, program) });
  cluster.fork({ SAY_AS });
}
say('plain');
// Their channels keep workers alive.
collectUntilEnd().then(() => cluster.disconnect());
