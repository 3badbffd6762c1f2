// Runs the check of the integration with prom-client on modules that are loaded by `import`.

import { register } from 'prom-client';
import { collectPromMetrics } from 'schedhint/prom-client';
import { checkPromClient } from './check-prom-client.cjs';

await checkPromClient(register, collectPromMetrics);
