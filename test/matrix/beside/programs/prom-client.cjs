// Runs the check of the integration with prom-client on modules that are loaded by `require`.

const { register } = require('prom-client');
const schedhint = require('schedhint');
const { collect } = require('schedhint/metrics');
const { checkPromClient } = require('./check-prom-client.cjs');

checkPromClient(register, schedhint, collect);
