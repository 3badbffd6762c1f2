// A worker that does nothing but make garbage, or with `exhaust` fills its heap. It has told its
// collections to the map before it begins.

const { workerData } = require('node:worker_threads');
const { startGcHints } = require('schedhint');

startGcHints({ map: workerData.map });
let kept = [];
for (;;) {
  for (let i = 0; i < 5000; i++) kept.push({ i, list: [i] });
  if (!workerData.exhaust && kept.length > 50_000) kept = [];
}
