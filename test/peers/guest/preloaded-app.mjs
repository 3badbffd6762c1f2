// An application with the preload, and with one thread that is always busy. Its hints change when its parent says so, and it runs until
// that goes. It knows nothing of the scheduler.

import { attachThread } from 'schedhint';

/** Some 50 ms in the VM. */
const TURNS = 5_000_000;

const thread = attachThread();
let collects = false;

const requests = {
  state: () => thread.status.state,
  hints: (values) => thread.hints.set(values),
  collect: (value) => {
    collects = value;
  },
};

/** Busy, but for the moment in which it takes a request. It makes little garbage. */
function work() {
  let sum = 0;
  for (let i = 0; !collects && i < TURNS; i++) sum = (sum * 31 + i) | 0;
  for (let i = 0; collects && i < 20; i++) globalThis.gc();
  setImmediate(work, sum);
}

process.on('message', ({ id, request, argument }) => {
  process.send({ id, answer: requests[request](argument) });
});
process.on('disconnect', () => process.exit());
work();
