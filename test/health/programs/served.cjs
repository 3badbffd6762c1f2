// An app whose health is served: it prints where, and does what a line on stdin says.

const { createInterface } = require('node:readline');
const { setFlagsFromString } = require('node:v8');
const { runInNewContext } = require('node:vm');
const { serveHealth } = require('schedhint/health');

const print = (value) => console.log(JSON.stringify(value));
let gc;

/** A chain of keys, each alive by the one before: V8 marks it slowly, and no two threads can do it together. */
function chain(count) {
  const keys = Array.from({ length: count }, () => ({}));
  const map = new WeakMap();
  for (let i = 1; i < count; i++) map.set(keys[i - 1], keys[i]);
  return [map, keys[0]];
}

function secondsOf(act) {
  const since = performance.now();
  act();
  return (performance.now() - since) / 1000;
}

const tasks = {
  spin() {
    for (;;);
  },
  wait() {
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
  },
  /** Makes objects until a full collection of them takes a second. */
  prepare() {
    setFlagsFromString('--expose-gc');
    gc = runInNewContext('gc');
    for (let count = 250_000; secondsOf(gc) < 1; count *= 2) globalThis.kept = chain(count);
    print({ prepared: true });
  },
  /** Full collections, without a turn of the loop. */
  collect() {
    print({ seconds: [secondsOf(gc), secondsOf(gc)] });
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
