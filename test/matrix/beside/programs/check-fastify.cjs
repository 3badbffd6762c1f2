// Sends a request through Fastify and checks that its route's hints are set until it has been answered.

const { attachThread, trackRequests } = require('schedhint');
const { collectUntil } = require('./say.cjs');
const { works } = require('./works.cjs');

/** A request has its route's hints while it is in flight, and not for longer. */
exports.checkFastify = async (Fastify, fastifyRequests) => {
  const { hints } = attachThread();
  const tracker = trackRequests();
  const app = Fastify();
  await app.register(fastifyRequests, { tracker });
  app.get('/', { config: { schedhint: { urgency: 700 } } }, async () => `${hints.urgency}`);
  await app.listen({ port: 0, host: '127.0.0.1' });
  const { port } = app.server.address();
  const urgency = await (await fetch(`http://127.0.0.1:${port}`)).text();
  if (urgency !== '700') throw new Error(`in flight, the urgency is ${urgency}`);
  await app.close();
  await collectUntil(() => tracker.inFlight === 0);
  tracker.stop();
  await works();
};
