// A worker that does nothing but make garbage, or with `exhaust` fills its heap, after it was
// registered with the map in its environment.

const { workerData } = require('node:worker_threads');
require('schedhint/register');

let kept = [];
for (;;) {
  for (let i = 0; i < 5000; i++) kept.push({ i, list: [i] });
  if (!workerData.exhaust && kept.length > 50_000) kept = [];
}
