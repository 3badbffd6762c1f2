// random-clients.mjs KIND RUNS [SEED]: random clients against a server whose requests are tracked.
// Fails unless nothing is in flight when all connections are closed. Prints what happened as JSON.

import { deepStrictEqual } from 'node:assert';
import fc from 'fast-check';
import { attachThread, trackRequests } from 'schedhint';
import { http1Counts, http1Examples, http1Script, runHttp1 } from './http1-clients.mjs';
import { http2Counts, http2Examples, http2Script, runHttp2 } from './http2-clients.mjs';
import { KINDS } from './servers.mjs';

const [kind, runs, seed = String(Date.now() % 2 ** 31)] = process.argv.slice(2);
const isHttp2 = kind.includes('http2');
const script = isHttp2 ? http2Script : http1Script;
const examples = isHttp2 ? http2Examples : http1Examples;
const run = isHttp2 ? runHttp2 : runHttp1;
const counts = isHttp2 ? http2Counts() : http1Counts();
const warnings = [];
process.on('warning', ({ name, message }) => warnings.push(`${name}: ${message}`));

// A preload has begun to track the requests of this thread's default map.
const isPreloaded = kind.endsWith('the preload');
const thread = attachThread(isPreloaded ? {} : { map: '/nonexistent/schedhint' });
const { hints } = thread;
let highest = 0;

await fc.assert(
  fc.asyncProperty(fc.array(script, { minLength: 1, maxLength: 4 }), async (scripts) => {
    // A request's lifetime must not be what ends it here.
    const tracker = trackRequests({ thread, maxSeconds: 3600, expireFactor: 100 });
    const started = await KINDS[kind](tracker);
    const { record, close } = started;
    record.on('change', () => (highest = Math.max(highest, hints.urgency)));
    await Promise.all(scripts.map((one) => run(started, one, counts)));
    await record.untilClosed(isHttp2);
    await close().catch(() => {}); // a client's script may have closed it
    for (const name of ['queuedAtHangUp', 'upgraded', 'cancelled']) {
      if (name in counts) counts[name] += record[name];
    }
    const { urgency, deadlineNs } = hints;
    deepStrictEqual(
      { inFlight: tracker.inFlight, urgency, deadlineNs },
      {
        inFlight: 0,
        urgency: 0,
        deadlineNs: 0n,
      },
    );
    if (!isPreloaded) tracker.stop();
  }),
  { numRuns: Number(runs), seed: Number(seed), examples: examples.map((one) => [one]) },
);
deepStrictEqual(warnings, []);
console.log(JSON.stringify({ kind, seed: Number(seed), runs: Number(runs), highest, ...counts }));
process.exit(0);
