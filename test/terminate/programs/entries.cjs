// What a worker does when it is terminated: every native entry, and what applications call.
//
// Each prepares, and returns what the worker is to be stopped inside. Where JavaScript does not make
// the call, `across` names the Node-API function before which a thread is stopped instead.

const { mkdirSync, rmSync } = require('node:fs');
const { threadId } = require('node:worker_threads');

const loaded = () => require('@schedhint/native').loadAddon().addon;

/** A channel of standard blocks. By hand: `schedhint` takes longer to load than the rest of a worker's life. */
const channel = ({ map }) => ({
  kind: 'uptr',
  map,
  broker: '',
  valueSize: 16,
  slots: [
    { offset: 0, size: 128, owner: 'thread' },
    { offset: 8, size: 64, owner: 'process' },
  ],
  countSlot: 1,
  countOffset: 8,
});

const places = () => new Float64Array(5);

/** The addon, and a handle of this thread's on the map. */
function attached({ map }) {
  const addon = loaded();
  return { addon, handle: addon.attach(channel({ map }), threadId, true, places()) };
}

/** Does something about which the addon informs this thread, and waits until it has. */
const told = (own, listen) =>
  new Promise((resolve) => {
    listen(resolve);
    mkdirSync(own); // no map, but another reason
  });

const onHandle = (act) => (context) => {
  const { addon, handle } = attached(context);
  return () => act(addon, handle);
};

const gcRequest = {
  wide: false,
  threadSlot: 0,
  gc: 8,
  count: 12,
  sinceNs: 16,
  expectUs: 48,
  flags: 88,
  liveFlag: 1,
  processSlot: 1,
  processCount: 4,
  hint: -1,
};

const helpers = { processSlot: 1, flags: 12, boundFlag: 1, inheritFlag: 2, same: [0, 16, 20, 24] };

const turn = () => new Promise((resolve) => setImmediate(resolve));

const watched = { thresholdMs: 1, quietThreads: [], cpuStats: [], sharedThreadId: 1 };

const findings = {
  ...{ stalls: 1, partsMs: [0, 1, 0, 0, 0, 0, 0], longestStallMs: 1 },
  ...{ heapUsedBytes: 1, heapLimitBytes: 2, promotedBytes: 0, semiSpaceBytes: 1 },
};

const shared = () => new BigInt64Array(new SharedArrayBuffer(16));

/** The same of a thread whose loop is watched. */
const onLoop = (act) => () => {
  const addon = loaded();
  addon.watchLoop(watched, () => {});
  return () => act(addon);
};

exports.entries = {
  init({ file }) {
    const module = { exports: {} };
    return () => process.dlopen(module, file);
  },
  attach(context) {
    const addon = loaded();
    const request = channel(context);
    const told = places();
    return () => addon.attach(request, threadId, true, told);
  },
  page(context) {
    const addon = loaded();
    const told = places();
    addon.attach(channel(context), threadId, true, told);
    return () => addon.page(told[0]);
  },
  store: onHandle((addon, handle) => addon.store(handle, 0, 0, 4, 1)),
  status: onHandle((addon, handle) => addon.status(handle)),
  boundTo: onHandle((addon, handle) => addon.boundTo(handle)),
  setHint({ own }) {
    const addon = loaded();
    const request = { ...channel({ map: own }), kind: 'layered', valueSize: 32 };
    const handle = addon.attach(request, threadId, true);
    return () => addon.setHint(handle, 7);
  },
  startGcHook: onHandle((addon, handle) => addon.startGcHook(handle, gcRequest)),
  stopGcHook(context) {
    const { addon, handle } = attached(context);
    addon.startGcHook(handle, gcRequest);
    return () => addon.stopGcHook(handle);
  },
  findHelpers: onHandle((addon, handle) => addon.findHelpers(handle, helpers)),
  meetPool: onHandle((addon) => addon.meetPool()),
  release: onHandle((addon, handle) => addon.release(handle)),
  onStatusChange: onHandle((addon) => addon.onStatusChange(() => {}, {})),
  'onStatusChange, a call': ({ own }) => {
    const addon = loaded();
    const handle = addon.attach(channel({ map: own }), threadId, true);
    let listener = () => {};
    addon.onStatusChange(() => listener(addon.boundTo(handle)), {});
    return () => told(own, (resolve) => (listener = resolve));
  },
  'onStatusChange, the watcher': Object.assign(
    ({ own }) => {
      const addon = loaded();
      addon.attach(channel({ map: own }), threadId, true);
      let listener = () => {};
      addon.onStatusChange(() => listener(), {});
      return () => told(own, (resolve) => (listener = resolve));
    },
    { across: 'napi_call_threadsafe_function' },
  ),
  workerOnline: onHandle((addon) => addon.workerOnline(1_000_000 + threadId)),
  workerEnded: onHandle((addon) => addon.workerEnded(1_000_000 + threadId)),
  unreachedWorkers: onHandle((addon) => addon.unreachedWorkers()),
  glance: onHandle((addon) => addon.glance()),
  tldRoom: onHandle((addon) => addon.tldRoom()),
  tldKeys() {
    const addon = loaded();
    return () => addon.tldKeys('terminated', Uint32Array.of(8), 0, new Uint32Array(1));
  },
  counts() {
    const addon = loaded();
    return () => addon.counts();
  },
  readMapBtf({ map }) {
    const addon = loaded();
    return () => addon.readMapBtf(map);
  },
  refusedCalls() {
    const addon = loaded();
    return () => addon.refusedCalls();
  },
  watchLoop() {
    const addon = loaded();
    return () => addon.watchLoop(watched, () => {});
  },
  unwatchLoop: onLoop((addon) => addon.unwatchLoop()),
  starvedShare: onLoop((addon) => addon.starvedShare()),
  tellStalls: onLoop((addon) => addon.tellStalls(findings)),
  threadUsage: onLoop((addon) => addon.threadUsage()),
  sharePauses() {
    const addon = loaded();
    return () => addon.sharePauses(shared());
  },
  unsharePauses() {
    const addon = loaded();
    const words = shared();
    addon.sharePauses(words);
    return () => addon.unsharePauses(words);
  },
  'watchLoop, a stall': () => {
    const addon = loaded();
    let stalled = () => {};
    addon.watchLoop(watched, () => stalled());
    return async () => {
      await turn(); // what is before the first turn is no stall
      await turn();
      const told = new Promise((resolve) => (stalled = resolve));
      for (const until = Date.now() + 5; Date.now() < until; );
      await told;
    };
  },
  'watchLoop, the end of the worker': Object.assign(
    onLoop(() => process.exit()),
    { across: 'napi_remove_async_cleanup_hook' },
  ),
  'schedhint/register': ({ map }) => {
    process.env.SCHEDHINT_MAP = map;
    return () => require('schedhint/register');
  },
  'attachThread()': ({ map }) => {
    const { attachThread } = require('schedhint');
    return () => attachThread({ map });
  },
  'startGcHints()': ({ map }) => {
    const { startGcHints } = require('schedhint');
    return () => startGcHints({ map });
  },
  'watchStalls()': () => {
    const { watchStalls } = require('schedhint');
    return () => watchStalls({ thresholdMs: 10 }).stop();
  },
  'serveHealth()': () => {
    const { serveHealth } = require('schedhint/health');
    return () => serveHealth({ port: 0, host: '127.0.0.1' }).stop();
  },
  'thread.status': ({ map }) => {
    const thread = require('schedhint').attachThread({ map });
    return () => thread.status;
  },
  'thread.onStatus()': ({ own }) => {
    const thread = require('schedhint').attachThread({ map: own });
    return () => told(own, (resolve) => thread.onStatus(resolve));
  },
  'the end of the worker': Object.assign(
    (context) => {
      const { addon } = attached(context);
      addon.onStatusChange(() => {}, {});
      return () => process.exit();
    },
    { across: 'napi_release_threadsafe_function' },
  ),
};

exports.cleanUp = ({ own }) => rmSync(own, { recursive: true, force: true });
