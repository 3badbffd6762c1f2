// Sends requests when they are due, whether or not the last one has been answered, and takes the
// time from when each was due. It stands for another machine, so it runs at a real-time priority:
// no scheduler under test decides about it.

import { Agent, get } from 'node:http';

const [port, rate, seconds] = process.argv.slice(2).map(Number);
const agent = new Agent({ keepAlive: true, maxSockets: 64 });
const latencies = [];
const count = rate * seconds;
const start = performance.now() + 100;

function send(i) {
  const due = start + (i * 1000) / rate;
  return new Promise((resolve, reject) => {
    setTimeout(
      () => {
        get({ port, host: '127.0.0.1', agent }, (response) => {
          response.resume().once('end', () => {
            latencies.push(performance.now() - due);
            resolve();
          });
        }).once('error', reject);
      },
      Math.max(0, due - performance.now()),
    );
  });
}

await Promise.all(Array.from({ length: count }, (_, i) => send(i)));
process.send(latencies);
process.disconnect();
agent.destroy();
