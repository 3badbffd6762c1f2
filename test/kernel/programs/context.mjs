// What functions that a test sends find as their first argument: see node-process.ts.

import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { isMainThread, threadId, Worker } from 'node:worker_threads';
import { loadAddon } from '@schedhint/native';
import * as schedhint from 'schedhint';

const require = createRequire(import.meta.url);

export const context = {
  schedhint,
  addon: loadAddon().addon,
  require,
  addonFile: join(
    dirname(require.resolve('@schedhint/native/package.json')),
    'build/Release/schedhint.node',
  ),
  Worker,
  isMainThread,
  threadId,
  /** of the main thread: its workers, by the id that the test knows them by */
  workers: new Map(),
  /** what one function leaves for the next */
  keep: {},
};

/** Runs a function that was sent as its source. */
export async function run(source, argument) {
  try {
    const result = await (0, eval)(`(${source})`)(context, argument);
    return { result };
  } catch (error) {
    return {
      error: { name: error.name, message: error.message, code: error.code, stack: error.stack },
    };
  }
}
