// Runs the check of the integration with OpenTelemetry on modules that are loaded by `import`.

import * as api from '@opentelemetry/api';
import { collectOtelMetrics } from 'schedhint/opentelemetry';
import { checkOpenTelemetry } from './check-opentelemetry.cjs';

await checkOpenTelemetry(api, collectOtelMetrics);
