import Fastify from 'fastify';
import { fastifyRequests } from 'schedhint/fastify';
import { checkFastify } from './check-fastify.cjs';

await checkFastify(Fastify, fastifyRequests);
