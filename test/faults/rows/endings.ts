// The app ends, with its workers in the middle of their work.

import assert from 'node:assert/strict';
import type { App } from '../app.js';
import type { Row } from '../row.js';

function ending(
  how: string,
  expected: { code: number | null; signal: NodeJS.Signals | null },
  end: (app: App) => unknown,
): Row {
  return {
    fault: `app ends: ${how}`,
    times: 10,
    async run(stage, times) {
      const scheduler = await stage.scheduler();
      for (let i = 0; i < times; i++) {
        const app = await stage.app({ workers: 3 });
        await app.isBoundTo(scheduler);
        end(app);
        assert.deepEqual(await app.hasEnded(), expected);
        assert.equal(await scheduler.elements(app.tids), 0);
      }
      return `${expected.signal ?? `exit code ${expected.code}`}, as without schedhint`;
    },
  };
}

/** It will never answer. */
const tell = (app: App, end: () => void) => app.run(end).catch(() => {});

export const rows: readonly Row[] = [
  ending('process.exit()', { code: 7, signal: null }, (app) =>
    tell(app, () => {
      process.exit(7);
    }),
  ),
  ending('uncaught exception', { code: 1, signal: null }, (app) =>
    tell(app, () => {
      setImmediate(() => {
        throw new Error('on purpose');
      });
    }),
  ),
  ending('SIGTERM', { code: null, signal: 'SIGTERM' }, (app) =>
    process.kill(app.node.pid, 'SIGTERM'),
  ),
  ending('SIGKILL', { code: null, signal: 'SIGKILL' }, (app) =>
    process.kill(app.node.pid, 'SIGKILL'),
  ),
];
