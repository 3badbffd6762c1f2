// Fails unless a continuation has its own request's hints, whatever it was that ran it.

import { deepStrictEqual } from 'node:assert';
import { readFile } from 'node:fs/promises';
import { setTimeout as sleep, setImmediate as turn } from 'node:timers/promises';
import { attachThread } from 'schedhint';
import { trackRequests } from 'schedhint/requests';

const { hints } = attachThread({ map: '/nonexistent/schedhint' });
const requests = trackRequests(hints, { perContinuation: true });
requests.begin({ urgency: 1000 });

/** What an async function goes on after. */
const waits = {
  promise: () => null,
  immediate: () => turn(),
  timer: () => sleep(1),
  nextTick: () => new Promise((resolve) => process.nextTick(resolve)),
  file: () => readFile(new URL(import.meta.url)),
};

const job = requests.wrap(
  (urgency) => ({ urgency }),
  async () => {
    const seen = [hints.urgency];
    for (const wait of Object.values(waits)) {
      await wait();
      seen.push(hints.urgency);
    }
    return seen;
  },
);

const both = Promise.all([job(10), job(20)]);
deepStrictEqual(hints.urgency, 1000);
const expected = (urgency) => Array(1 + Object.keys(waits).length).fill(urgency);
deepStrictEqual(await both, [expected(10), expected(20)]);
requests.stop();
