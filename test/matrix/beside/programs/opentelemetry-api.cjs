// Runs the check of the integration with OpenTelemetry on modules that are loaded by `require`.

const api = require('@opentelemetry/api');
const { collectOtelMetrics } = require('schedhint/opentelemetry');
const { checkOpenTelemetry } = require('./check-opentelemetry.cjs');

checkOpenTelemetry(api, collectOtelMetrics);
