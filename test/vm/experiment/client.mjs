// Sends requests when they are due, whether or not the last one has been answered, and takes the
// time from when each was due. It stands for another machine, so it runs at a real-time priority:
// no scheduler under test decides about it. While it starts and is compiled it takes a CPU for
// itself, so its first three seconds are a warm-up: what happens in them is not reported.

import { Agent, get } from 'node:http';
import { arrivals } from '../guest/arrivals.mjs';

const [port, rate, seconds, seed] = process.argv.slice(2).map(Number);
const WARM_UP_MS = 3000;
const agent = new Agent({ keepAlive: true, maxSockets: 64 });

/** CLOCK_MONOTONIC in ms, which the app has too. */
const now = () => Number(process.hrtime.bigint()) / 1e6;
const start = now() + 100;

/** @returns {Promise<[number, number, number]>} when it was due; how long after that it was answered, and sent */
function send(at) {
  const due = start + at;
  return new Promise((resolve, reject) => {
    setTimeout(
      () => {
        const late = now() - due;
        get({ port, host: '127.0.0.1', agent }, (response) => {
          response.resume().once('end', () => resolve([due, now() - due, late]));
        }).once('error', reject);
      },
      Math.max(0, due - now()),
    );
  });
}

const cpuTime = () => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
};

const before = cpuTime();
const requests = await Promise.all(
  arrivals({ rate, ms: seconds * 1000 + WARM_UP_MS, seed }).map(send),
);
const report = {
  requests: requests.filter(([due]) => due - start >= WARM_UP_MS),
  sent: requests.length, // with the warm-up
  cost: (cpuTime() - before) / requests.length, // ms of the client's own CPU time
};
process.send(report, () => {
  process.disconnect();
  agent.destroy();
});
