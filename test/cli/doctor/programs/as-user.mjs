// The doctor as another user: as-user.mjs UID MAP. Everything is loaded before, since that user need
// not be able to read the checkout.

import { loadAddon } from '@schedhint/native';
import { doctor } from '../../../../packages/schedhint/dist/esm/cli/doctor/command.js';

const [uid, map] = process.argv.slice(2);
loadAddon();
process.setgroups([]);
process.setgid(Number(uid));
process.setuid(Number(uid));
process.exitCode = await doctor({ map, json: true });
