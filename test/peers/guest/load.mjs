// A client that stands for other machines: for each message it sends requests when they are due, whether or not the last one has been
// answered, and takes the time from when each was due. It runs at a real-time priority, so no scheduler under test decides about
// it, and for all of a measurement, so it has been compiled before anything counts.

import { Agent, get } from 'node:http';
import { arrivals } from '../../vm/guest/arrivals.mjs';

const now = () => Number(process.hrtime.bigint()) / 1e6;

/** @returns {Promise<{ latency: number, late: number }>} ms from when it was due to the answer's last byte, and to when it was sent */
function send(due, { port, agent }) {
  return new Promise((resolve, reject) => {
    setTimeout(
      () => {
        const late = now() - due;
        get({ port, host: '127.0.0.1', agent }, (response) => {
          response.resume().once('end', () => resolve({ latency: now() - due, late }));
        }).once('error', reject);
      },
      Math.max(0, due - now()),
    );
  });
}

process.on('message', async ({ port, rate, ms, seed }) => {
  const agent = new Agent({ keepAlive: true, maxSockets: 64 });
  const start = now() + 20;
  const requests = await Promise.all(
    arrivals({ rate, ms, seed }).map((at) => send(start + at, { port, agent })),
  );
  agent.destroy();
  process.send({
    latencies: requests.map(({ latency }) => latency),
    lateness: requests.map(({ late }) => late),
  });
});
process.on('disconnect', () => process.exit());
