// Runs the check of the integration with OpenTelemetry on modules that are loaded by `require`.

const api = require('@opentelemetry/api');
const schedhint = require('schedhint');
const { collect } = require('schedhint/metrics');
const { checkOpenTelemetry } = require('./check-opentelemetry.cjs');

checkOpenTelemetry(api, schedhint, collect);
