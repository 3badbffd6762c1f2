// Sends requests when they are due, whether or not the last one has been answered, and takes the
// time from when each was due. It stands for another machine, so it runs at a real-time priority:
// no scheduler under test decides about it. While it starts and is compiled it takes a CPU for
// itself, so its first three seconds are a warm-up: what happens in them is not reported.

import { Agent, get } from 'node:http';

const [port, rate, seconds, seed] = process.argv.slice(2).map(Number);
const WARM_UP_MS = 3000;
const agent = new Agent({ keepAlive: true, maxSockets: 64 });

/** Numbers from 0 to 1, the same for the same seed. */
function* uniform(state) {
  for (;;) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    yield (state + 0.5) / 2 ** 32;
  }
}

/** Arrivals of a Poisson process: ms after the start. */
function arrivals() {
  const random = uniform(seed);
  const times = [];
  for (let at = 0; ; times.push(at)) {
    at -= (Math.log(random.next().value) * 1000) / rate;
    if (at >= seconds * 1000 + WARM_UP_MS) return times;
  }
}

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
const requests = await Promise.all(arrivals().map(send));
const report = {
  requests: requests.filter(([due]) => due - start >= WARM_UP_MS),
  sent: requests.length, // with the warm-up
  cost: (cpuTime() - before) / requests.length, // ms of the client's own CPU time
};
process.send(report, () => {
  process.disconnect();
  agent.destroy();
});
