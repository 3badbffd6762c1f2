// The doctor in a process that has no descriptor left: without-descriptors.mjs MAP.

import { openSync } from 'node:fs';
import { loadAddon } from '@schedhint/native';
import { doctor } from '../../../../packages/schedhint/dist/esm/cli/doctor/command.js';

loadAddon();
try {
  for (;;) openSync('/dev/null');
} catch (error) {
  if (error.code !== 'EMFILE') throw error;
}
process.exitCode = await doctor({ map: process.argv[2], json: true });
