// Has the program of the worker thread that answers probes.

/** Text, because a bundler would not find a separate file. Of the watched thread it needs the shared words alone. */
export const RESPONDER_SOURCE = `'use strict';
const { createServer } = require('node:http');
const { parentPort, workerData } = require('node:worker_threads');
const { host, port, path, word, words, maxLoopAgeNs, knowsPauses } = workerData;
const at = (index) => Atomics.load(words, index);

function report() {
  const turnNs = at(word.turnNs);
  let pausesNs = -at(word.pausesAtTurnNs);
  // The total includes the pause that has just ended, or does not: both from one moment.
  let sinceNs, totalNs;
  do {
    sinceNs = at(word.pauseSinceNs);
    totalNs = at(word.pausesNs);
  } while (at(word.pauseSinceNs) !== sinceNs);
  const nowNs = process.hrtime.bigint();
  pausesNs += totalNs;
  if (sinceNs !== 0n) pausesNs += nowNs - sinceNs;
  const ageNs = nowNs - turnNs - pausesNs;
  const isOk = sinceNs !== 0n || ageNs <= maxLoopAgeNs;
  return {
    status: isOk ? 'ok' : 'stalled',
    loopAgeMs: Math.max(0, Math.round(Number(ageNs) / 1e6)),
    inCollection: knowsPauses ? sinceNs !== 0n : null,
    missing: knowsPauses ? [] : ['gc'],
  };
}

function answer(request, response) {
  const end = (status, headers, body) => {
    response.writeHead(status, { 'cache-control': 'no-store', ...headers });
    response.end(body);
  };
  if (request.url.split('?', 1)[0] !== path) return end(404);
  if (request.method !== 'GET' && request.method !== 'HEAD') return end(405, { allow: 'GET, HEAD' });
  const found = report();
  const headers = { 'content-type': 'application/json' };
  end(found.status === 'ok' ? 200 : 503, headers, JSON.stringify(found) + '\\n');
}

// Clients that send nothing must not use up the process's descriptors, nor keep probes out.
const server = createServer(
  { headersTimeout: 2000, requestTimeout: 2000, connectionsCheckingInterval: 500 },
  answer,
);
server.maxConnections = 256;
server.on('error', ({ code, message }) => parentPort.postMessage({ error: { code, message } }));
server.listen({ port, host }, () => {
  const { address, port } = server.address();
  parentPort.postMessage({ address: { host: address, port } });
});
`;
