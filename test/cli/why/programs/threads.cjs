// An app with a worker, and a pool that always has work. Prints the tid of the worker once all of it is there.

const { pbkdf2 } = require('node:crypto');
const { Worker } = require('node:worker_threads');

const hash = () => pbkdf2('secret', 'salt', 50_000, 64, 'sha512', hash);
for (let i = 0; i < 4; i++) hash();
const source = `
const { readlinkSync } = require('node:fs');
require('node:worker_threads').parentPort.postMessage(readlinkSync('/proc/thread-self').split('/').at(-1));
setInterval(() => {}, 50);`;
new Worker(source, { eval: true }).once('message', (tid) =>
  console.log(JSON.stringify({ tid: Number(tid) })),
);
