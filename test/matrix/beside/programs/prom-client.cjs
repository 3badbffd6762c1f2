// Runs the check of the integration with prom-client on modules that are loaded by `require`.

const { register } = require('prom-client');
const { collectPromMetrics } = require('schedhint/prom-client');
const { checkPromClient } = require('./check-prom-client.cjs');

checkPromClient(register, collectPromMetrics);
