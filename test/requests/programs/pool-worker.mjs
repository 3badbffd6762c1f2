// The worker of pool.mjs.

import { existsSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { piscinaTasks } from 'schedhint/piscina';

export default piscinaTasks(async ({ file, text }) => {
  while (!existsSync(file)) await sleep(5);
  if (text.startsWith('bad')) throw new Error(text);
  return { text, pid: process.pid };
});
