// A worker's life, which ends as its parent says: in its own way, or terminated in the middle of it.

import { createRequire } from 'node:module';
import { workerData } from 'node:worker_threads';

const { kind, map, how } = workerData;
const require = createRequire(import.meta.url);
const ours = kind === 'schedhint' ? require('schedhint') : null;
const gc = ours?.startGcHints({ map });
const lists = [];
do {
  for (let i = 0; i < 5000; i++) lists.push([i]);
  if (lists.length > 50_000) lists.length = 0;
  if (ours) ours.attachThread({ map }).hints.set({ urgency: 1, user: lists.length });
} while (how === 'terminate');
gc?.stop();
if (how === 'exit') process.exit(3);
if (how === 'throw') throw new Error('on purpose');
