// An application with one thread that is always busy. It sets and withdraws its hint when it is asked to
// to, and runs until its parent goes.

import { attachThread, startGcHints } from 'schedhint';
import { layered } from 'schedhint/channels';

const SPIN_MS = 50;

const channel = layered({ urgency: (urgency) => (urgency >= 800 ? 900 : null) });
const thread = attachThread({ channel });
// Called for collections only in their phase: V8 collects in the others too.
let hints = null;

const requests = {
  status: () => thread.status,
  urgency: (value) => {
    thread.hints.urgency = value;
  },
  collect: (value) => {
    hints?.stop();
    hints = value ? startGcHints({ channel }) : null;
  },
};

/** Busy, but for the moment in which it takes a request. */
function work() {
  const end = performance.now() + SPIN_MS;
  while (performance.now() < end) if (hints !== null) globalThis.gc();
  setImmediate(work);
}

process.on('message', ({ request, argument }) => {
  process.send({ answer: requests[request](argument) ?? null });
});
process.on('disconnect', () => process.exit());
work();
