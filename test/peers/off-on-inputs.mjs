// What an app, its requests and the hogs next to it are when the effect of hints is measured.

/** None is chosen for its result: change them and see. */
export const INPUTS = {
  hogs: 4, // processes that want a CPU all of the time
  pairs: 3, // of runs under the scheduler, in each boot
  controlPairs: 1, // of runs under the kernel's default scheduler, in each boot
  objects: 60_000, // alive in the app's heap: what a full collection has to go through
  survivors: 20_000, // objects that a young collection has to copy
  scavenges: 4, // young collections in each run, after the requests
  collections: 2, // full ones, to warm up
  rate: 100, // requests a second
  serveMs: 6000, // of requests in each run
  everyMs: 1500, // between full collections meanwhile
  settleMs: 500, // from when the hogs go on to the first request
  urgency: 900, // what the app says of its thread
};
