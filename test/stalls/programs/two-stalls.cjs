// Makes two stalls in one turn of the loop: own code, then, when the monitor's timer has found that, collections.

const { setFlagsFromString } = require('node:v8');
const { runInNewContext } = require('node:vm');

setFlagsFromString('--expose-gc');
const gc = runInNewContext('gc');
const kept = Array.from({ length: 200_000 }, (_, i) => ({ i }));

function until(ms, work) {
  for (const end = performance.now() + ms; performance.now() < end; ) work();
}

// When the first one ends both are due, the monitor's timer, of 10 ms, before the second.
setTimeout(() => {
  setTimeout(() => until(100, gc), 60);
  until(100, () => {});
}, 20);
setTimeout(() => kept.at(0), 400);
