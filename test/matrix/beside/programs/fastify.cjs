const { fastify } = require('fastify');
const { fastifyRequests } = require('schedhint/fastify');
const { checkFastify } = require('./check-fastify.cjs');

checkFastify(fastify, fastifyRequests);
