// vitest's: all that it can replace, as far as its own pool can do without.

import { createRequire } from 'node:module';
import { check } from './check.cjs';

const load = () => createRequire(import.meta.url)('schedhint');

test('hints in real time', async () => {
  const fake = () => {
    vi.useFakeTimers({
      now: 0,
      toFake: [
        ...['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'setImmediate'],
        ...['clearImmediate', 'nextTick', 'queueMicrotask', 'hrtime', 'performance', 'Date'],
      ],
    });
    return (ms) => vi.advanceTimersByTime(ms);
  };
  await check({ load, fake, order: process.env.FAKE });
});
