// Runs the check of the integration with OpenTelemetry on modules that are loaded by `import`.

import * as api from '@opentelemetry/api';
import * as schedhint from 'schedhint';
import { collect } from 'schedhint/metrics';
import { checkOpenTelemetry } from './check-opentelemetry.cjs';

await checkOpenTelemetry(api, schedhint, collect);
