// Has the program of the worker thread that answers probes.

/** Text, because a bundler would not find a separate file. It needs nothing of the thread that it tells of but the shared words. */
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
  const told = report();
  const headers = { 'content-type': 'application/json' };
  end(told.status === 'ok' ? 200 : 503, headers, JSON.stringify(told) + '\\n');
}

const server = createServer(answer);
// Whoever can reach it must not fill the process's descriptors.
server.maxConnections = 64;
server.on('error', (error) => parentPort.postMessage({ error: error.message }));
server.listen({ port, host }, () => {
  const { address, port } = server.address();
  parentPort.postMessage({ address: { host: address, port } });
});
`;
