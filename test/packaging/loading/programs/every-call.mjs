// Calls what applications call, and says what came of it and what it has left behind in the process.

import diagnostics from 'node:diagnostics_channel';
import fs, { readdirSync, readFileSync } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { Worker } from 'node:worker_threads';

const observed = countObservers();

/** Null where the permission model does not let us look. */
function look(read) {
  try {
    return read();
  } catch {
    return null;
  }
}

const threads = () =>
  look(() =>
    readdirSync('/proc/self/task').flatMap(
      // None of a thread that has ended since it was listed.
      (tid) => look(() => readFileSync(`/proc/self/task/${tid}/comm`, 'utf8').trim()) ?? [],
    ),
  );
const descriptors = () => look(() => readdirSync('/proc/self/fd').length);

function countObservers() {
  let observed = 0;
  class Observer extends globalThis.PerformanceObserver {
    observe(options) {
      observed++;
      super.observe(options);
    }
  }
  globalThis.PerformanceObserver = Observer;
  return () => observed;
}

/** @param schedhint what the package exports */
export async function everyCall(schedhint) {
  const before = { descriptors: descriptors(), workerListeners: process.listenerCount('worker') };
  const {
    attachThread,
    deadlineIn,
    hintsOf,
    layered,
    monotonicNs,
    startGcHints,
    threadOf,
    tld,
    trackRequests,
    uptr,
    watchStalls,
  } = schedhint;
  const thread = attachThread();
  thread.hints.set({ urgency: 900, deadlineNs: deadlineIn(20) });
  if (typeof monotonicNs() !== 'bigint') throw new Error('monotonicNs()');
  const gc = startGcHints();
  const stats = startGcHints({ source: 'perf_hooks' });
  for (const channel of [
    uptr(),
    layered({ map: '/nonexistent/layered' }),
    tld({ map: '/nonexistent/tld', keys: {} }),
  ])
    attachThread({ channel });
  attachThread({ channels: [uptr(), layered({ map: '/nonexistent/layered' })] }).hints.urgency = 5;
  const tracker = trackRequests();
  const request = tracker.begin({ urgency: 950 });
  const { urgency } = thread.hints;
  request.end();

  const ours = () => threads()?.filter((name) => name.startsWith('schedhint')) ?? null;
  // Where there is an addon: its thread has a name only once it runs.
  while (process.env.WAIT_FOR_THREAD === '1' && ours().length === 0)
    await new Promise(setImmediate);
  const after = {
    threads: ours(),
    descriptors: look(() => descriptors() - before.descriptors),
    addonMapped: look(() => readFileSync('/proc/self/maps', 'utf8').includes('schedhint.node')),
    observers: observed(),
    workerListeners: process.listenerCount('worker') - before.workerListeners,
    hasSubscribers: diagnostics.hasSubscribers('schedhint:status'),
  };

  // They open descriptors, which stay.
  thread.feedback.read();
  watchStalls().stop();

  let worker = 'hinted';
  try {
    const started = new Worker(
      'require("node:worker_threads").parentPort.once("message", () => {})',
      { eval: true },
    );
    hintsOf(started).urgency = 7;
    if (threadOf(started).hints.urgency !== 7) throw new Error('hintsOf()');
    started.postMessage('end');
    await new Promise((resolve) => started.once('exit', resolve));
  } catch (error) {
    if (error.code !== 'ERR_ACCESS_DENIED') throw error;
    worker = 'forbidden';
  }

  const { status } = thread;
  return {
    state: status.state,
    code: status.code,
    reason: status.reason,
    source: gc.source,
    perfHooks: stats.source,
    urgency,
    worker,
    ...after,
    ...costOfStatus(thread),
  };
}

/** What reading the status many times asks of the system: calls of dlopen and of node:fs. */
function costOfStatus(thread) {
  let calls = 0;
  const counted = [process, ...(process.report ? [process.report] : []), fs].flatMap((object) =>
    Object.keys(object === process ? { dlopen: 0 } : object === fs ? fs : { getReport: 0 })
      .filter(
        (name) => typeof object[name] === 'function' && /^(dlopen|getReport|\w+Sync)$/.test(name),
      )
      .map((name) => [object, name, object[name]]),
  );
  for (const [object, name, original] of counted) {
    object[name] = (...args) => {
      calls++;
      return original.apply(object, args);
    };
  }
  syncBuiltinESMExports();
  fs.existsSync('app.mjs'); // the counting works
  const counts = calls === 1;
  calls = 0;
  const first = thread.status;
  let same = true;
  for (let i = 0; i < 10_000; i++) same &&= thread.status === first;
  for (const [object, name, original] of counted) object[name] = original;
  syncBuiltinESMExports();
  return { counts, statusCalls: calls, statusIsSame: same, statusIsFrozen: Object.isFrozen(first) };
}
