// A server whose requests have their own context, a client that asks it for much at the same time, and hints from its requests in flight.

const { AsyncLocalStorage } = require('node:async_hooks');
const { readFile } = require('node:fs/promises');
const http = require('node:http');
const { setTimeout } = require('node:timers/promises');
const { attachThread, trackRequests } = require('schedhint');
const { isTraced } = require('./is-traced.cjs');
const { collectUntilEnd, say } = require('./say.cjs');

const REQUESTS = 200;
const AT_ONCE = 20;

const context = new AsyncLocalStorage();
const { hints } = attachThread();
const tracker = trackRequests();
let lost = 0;
let traced = 0;

const server = http.createServer((request, response) => {
  const { url } = request;
  context.run(url, async () => {
    await setTimeout(Math.random() * 5);
    await readFile(__filename);
    await Promise.all([setTimeout(1), readFile(__filename)]);
    if (context.getStore() !== url) lost++;
    if (isTraced()) traced++;
    response.end(context.getStore());
  });
});
tracker.http({ describe: () => ({ urgency: 500 }) });

const agent = new http.Agent({ keepAlive: true });

function ask(path) {
  const { port } = server.address();
  return new Promise((resolve, reject) => {
    http
      .get({ port, path, agent }, (response) => {
        let body = '';
        response.setEncoding('utf8').on('data', (text) => {
          body += text;
        });
        response.on('end', () => {
          if (body !== path) lost++;
          resolve();
        });
      })
      .on('error', reject);
  });
}

async function main() {
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  let next = 0;
  const client = async () => {
    while (next < REQUESTS) await ask(`/${next++}`);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, client));
  agent.destroy();
  await new Promise((resolve) => server.close(resolve));
  const { inFlight } = tracker;
  tracker.stop();
  hints.urgency = 900;
  say('served', { requests: REQUESTS, lost, traced, inFlight });
  await collectUntilEnd();
  process.exitCode = Number(process.env.EXIT_CODE);
}

main();
