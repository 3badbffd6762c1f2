// What functions that a test sends find as their first argument: see node-process.ts. CommonJS,
// since hundreds of workers load it: it takes a fifth of the time.

const { dirname, join } = require('node:path');
const { isMainThread, threadId, Worker } = require('node:worker_threads');
const { loadAddon } = require('@schedhint/native');
/** What applications and libraries import, in one object. */
const schedhint = { ...require('schedhint'), ...require('@schedhint/core') };

const native = dirname(require.resolve('@schedhint/native/package.json'));

const context = {
  schedhint,
  addon: loadAddon().addon,
  require,
  /** import(), which the test's own compiler would rewrite */
  import: (url) => import(url),
  addonFile: join(native, `prebuilds/linux-${process.arch}/schedhint.node`),
  Worker,
  isMainThread,
  threadId,
  /** of the main thread: its workers, by the name that the test knows them by */
  workers: new Map(),
  /** what one function leaves for the next */
  keep: {},
};

/** Runs a function that was sent as its source. */
async function run(source, argument) {
  try {
    const result = await new Function(`return ${source}`)()(context, argument);
    return { result };
  } catch ({ name, message, code, stack }) {
    return { error: { name, message, code, stack } };
  }
}

module.exports = { context, run };
