const api = require('@opentelemetry/api');
const { collectOtelMetrics } = require('schedhint/opentelemetry');
const { checkOpenTelemetry } = require('./check-opentelemetry.cjs');

checkOpenTelemetry(api, collectOtelMetrics);
