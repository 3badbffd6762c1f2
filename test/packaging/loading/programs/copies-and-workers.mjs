// Asks for hints in the ES module copy, in the CommonJS copy, and in three workers.

import { once } from 'node:events';
import { createRequire } from 'node:module';
import { Worker } from 'node:worker_threads';
import { attachThread } from 'schedhint';

const copy = createRequire(import.meta.url)('schedhint');
const codes = [attachThread(), copy.attachThread()].map(({ status }) => status.code);
const program = 'require("schedhint").startGcHints();';
const ended = [1, 2, 3].map(() => once(new Worker(program, { eval: true }), 'exit'));
console.log(...codes, (await Promise.all(ended)).filter(([code]) => code === 0).length);
