// Runs the check of the integration with Fastify on modules that are loaded by `import`.

import Fastify from 'fastify';
import { fastifyRequests } from 'schedhint/fastify';
import { checkFastify } from './check-fastify.cjs';

await checkFastify(Fastify, fastifyRequests);
