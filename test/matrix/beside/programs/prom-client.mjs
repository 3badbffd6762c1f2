// Runs the check of the integration with prom-client on modules that are loaded by `import`.

import { register } from 'prom-client';
import * as schedhint from 'schedhint';
import { collect } from 'schedhint/metrics';
import { checkPromClient } from './check-prom-client.cjs';

await checkPromClient(register, schedhint, collect);
