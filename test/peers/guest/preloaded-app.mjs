// An application with the preload, and with one thread that is always busy. Its hints change when its parent says so, and it runs until
// that goes. It knows nothing of the scheduler.

import { attachThread } from 'schedhint';

const SPIN_MS = 50;

const thread = attachThread();
let collects = false;

const requests = {
  state: () => thread.status.state,
  hints: (values) => thread.hints.set(values),
  collect: (value) => {
    collects = value;
  },
};

/** Busy, but for the moment in which it takes a request. */
function work() {
  const end = performance.now() + SPIN_MS;
  while (performance.now() < end) if (collects) globalThis.gc();
  setImmediate(work);
}

process.on('message', ({ id, request, argument }) => {
  process.send({ id, answer: requests[request](argument) });
});
process.on('disconnect', () => process.exit());
work();
