// Runs the check of the integration with Fastify on modules that are loaded by `require`.

const { fastify } = require('fastify');
const { fastifyRequests } = require('schedhint/fastify');
const { checkFastify } = require('./check-fastify.cjs');

checkFastify(fastify, fastifyRequests);
