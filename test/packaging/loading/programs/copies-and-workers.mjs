// Asks for hints in one copy of the packages, in another, and in three workers.

import { once } from 'node:events';
import { createRequire } from 'node:module';
import { Worker } from 'node:worker_threads';
import { attachThread } from 'schedhint';

const require = createRequire(import.meta.url);
// As another installed copy would be: nothing of the first one is in the cache.
for (const file of Object.keys(require.cache)) {
  if (/[/\\]node_modules[/\\](@schedhint|schedhint)[/\\]/.test(file)) delete require.cache[file];
}
const copy = require('schedhint');
if (copy.attachThread === attachThread) throw new Error('not another copy');
const codes = [attachThread(), copy.attachThread()].map(({ status }) => status.code);
const program = 'require("schedhint").startGcHints();';
const ended = [1, 2, 3].map(() => once(new Worker(program, { eval: true }), 'exit'));
console.log(...codes, (await Promise.all(ended)).filter(([code]) => code === 0).length);
