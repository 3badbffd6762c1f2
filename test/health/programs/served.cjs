// An app whose health is served: it prints where, and does what a line on stdin says.

const { createInterface } = require('node:readline');
const { setFlagsFromString } = require('node:v8');
const { runInNewContext } = require('node:vm');
const { serveHealth } = require('schedhint/health');

const print = (value) => console.log(JSON.stringify(value));
const tasks = {
  spin() {
    for (;;);
  },
  wait() {
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
  },
  /** Full collections, one after the other, without a turn of the loop. */
  collect() {
    setFlagsFromString('--expose-gc');
    const gc = runInNewContext('gc');
    // A list: no two threads can mark it together.
    let list = null;
    for (let i = 0; i < 1_000_000; i++) list = { next: list };
    print({ collects: true });
    for (;;) gc();
  },
  /** A loop that makes garbage, and so collects again and again, but not most of the time. */
  allocate() {
    for (let kept = []; ; ) {
      if (kept.push({}) > 1000) kept = [];
    }
  },
  stop() {
    health.stop();
    health.stop();
    print({ stopped: true });
  },
};

const options = JSON.parse(process.argv[2] ?? '{}');
const health = serveHealth({ port: 0, host: '127.0.0.1', maxLoopAgeMs: 500, ...options });
health.address.then(print, ({ code, message }) => print({ code, message }));
createInterface({ input: process.stdin }).on('line', (line) => tasks[line]());
