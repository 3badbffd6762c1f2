import { createRequire } from 'node:module';
import { attachThread, monotonicNs, V8GcKind } from '@schedhint/core/thread';
import { loadAddon } from '@schedhint/native';
import { afterEach, describe, expect, test, vi } from 'vitest';
import type { Collection } from './collections.js';
import { type GcHints, startGcHints } from './gc-hints.js';

const map = '/nonexistent/schedhint';
const loaded = loadAddon();
const hasAddon = 'addon' in loaded;
if (!hasAddon) console.warn(`skipped: V8's callbacks: ${loaded.reason}`);
const require = createRequire(import.meta.url);
require('node:v8').setFlagsFromString('--expose-gc');
// Without arguments: Node.js 20 takes any object for 'minor'.
const gc: () => void = require('node:vm').runInNewContext('gc');

const running: GcHints[] = [];
function start(options: Parameters<typeof startGcHints>[0] = {}): GcHints {
  const hints = startGcHints({ map, ...options });
  running.push(hints);
  return hints;
}
afterEach(() => {
  for (const hints of running.splice(0)) hints.stop();
});

const turn = () => new Promise((resolve) => setImmediate(resolve));
/** perf_hooks delivers some turns of the event loop later. */
async function delivered(condition: () => boolean) {
  await vi.waitFor(
    async () => {
      await turn();
      if (!condition()) throw new Error('not delivered yet');
    },
    { timeout: 30_000, interval: 1 },
  );
}

describe.runIf(hasAddon)("V8's callbacks", () => {
  test('are the source by default, and say so to the scheduler', () => {
    const { source, thread, stats } = start();
    expect({ source, stats }).toEqual({ source: 'v8', stats: null });
    expect(thread.gc.source).toBe('live');
  });

  test('each outermost pause is counted once, immediately', () => {
    const { thread } = start();
    const before = thread.gc.count;
    for (let i = 1; i <= 5; i++) {
      gc();
      expect(thread.gc.count).toBe(before + i);
    }
    expect(thread.gc.pauses).toBe(0);
  });

  test('gc_since_ns is on the clock of monotonicNs()', () => {
    const { thread } = start();
    const before = monotonicNs();
    gc();
    const after = monotonicNs();
    expect(thread.gc.sinceNs).toBeGreaterThanOrEqual(before);
    expect(thread.gc.sinceNs).toBeLessThan(after);
  });

  test('gc_expect_us is what pauses of that kind have lately taken', () => {
    const { thread } = start();
    const took: bigint[] = [];
    for (let i = 0; i < 20; i++) {
      const before = monotonicNs();
      gc();
      took.push(monotonicNs() - before);
    }
    // The estimate that the last pause began with, from the ones before it.
    const longest = took.sort((a, b) => Number(a - b)).at(-1)!;
    expect(thread.gc.expectUs).toBeGreaterThan(0);
    expect(thread.gc.expectUs).toBeLessThanOrEqual(Number(longest / 1000n) + 1);
  });

  test('the cycle bit: set between the pauses of a major collection, cleared at its end', async () => {
    const { thread } = start();
    expect(thread.gc.cycle).toBe(false);
    const survivors: unknown[] = [];
    // Grows the old generation until V8 begins to mark incrementally; JavaScript then runs.
    while (!thread.gc.cycle) {
      for (let i = 0; i < 5_000 && !thread.gc.cycle; i++) survivors.push(new Array(20).fill(i));
      await turn();
    }
    expect(thread.gc.pauses).toBe(0);
    gc();
    expect(thread.gc.cycle).toBe(false);
    survivors.length = 0;
  });

  test('two starts, one stop: still live; stop() again does nothing', () => {
    const [first, second] = [start(), start()];
    first.stop();
    first.stop();
    expect(second.thread.gc.source).toBe('live');
    const before = second.thread.gc.count;
    gc();
    expect(second.thread.gc.count).toBe(before + 1);
    const watcher = attachThread({ map, scoped: true });
    second.stop();
    expect(watcher.gc.source).toBe('none');
    const { count } = watcher.gc;
    gc();
    expect(watcher.gc.count).toBe(count);
    watcher.stop();
  });

  test('two maps: each is informed', () => {
    const [first, second] = [start(), start({ map: `${map}-2` })];
    const before = [first.thread.gc.count, second.thread.gc.count];
    gc();
    expect([first.thread.gc.count - before[0]!, second.thread.gc.count - before[1]!]).toEqual([
      1, 1,
    ]);
  });
});

describe.runIf(hasAddon)('perf_hooks, when it is asked for', () => {
  test('counts and estimates after the fact, and says so', async () => {
    const { source, thread } = start({ source: 'perf_hooks' });
    expect(source).toBe('perf_hooks');
    expect(thread.gc.source).toBe('after');
    expect(thread.gc.count).toBe(0);
    gc();
    expect(thread.gc.count).toBe(0); // not before the event loop has turned
    gc();
    gc();
    await delivered(() => thread.gc.count >= 3); // all of the batch
    expect(thread.gc.count).toBe(3);
    expect(thread.gc.expectUs).toBeGreaterThan(1);
    expect(thread.gc.pauses).toBe(0);
    expect(thread.gc.sinceNs).toBe(0n);
  });

  test('never touches the fields of a live hook', async () => {
    const live = start();
    const after = start({ source: 'perf_hooks', stats: true });
    expect(after.source).toBe('perf_hooks');
    const before = live.thread.gc.count;
    for (let i = 0; i < 3; i++) gc();
    const expected = live.thread.gc.expectUs;
    await delivered(() => after.stats!.count >= 3);
    // Collections of the test's own may have come in between: both count those.
    expect(live.thread.gc.count - before).toBe(after.stats!.count);
    if (after.stats!.count === 3) expect(live.thread.gc.expectUs).toBe(expected);
    expect(live.thread.gc.source).toBe('live');
  });

  test('stop() ends it and takes the flag back', async () => {
    const hints = start({ source: 'perf_hooks' });
    const watcher = attachThread({ map, scoped: true });
    hints.stop();
    expect(watcher.gc.source).toBe('none');
    gc();
    for (let i = 0; i < 10; i++) await turn();
    expect(watcher.gc.count).toBe(0);
    watcher.stop();
  });
});

describe('stats', () => {
  test('count every entry of a batch, and emit an event for each', async () => {
    const hints = start({ stats: true });
    const events: Collection[] = [];
    hints.onCollection((collection) => events.push(collection));
    const from = performance.now();
    for (let i = 0; i < 4; i++) gc();
    const to = performance.now();
    await delivered(() => (hints.stats?.byKind.markCompact.count ?? 0) >= 4);
    const forced = events.filter(({ kind }) => kind === 'markCompact').slice(0, 4);
    for (const { kind, startTime, duration, flags } of forced) {
      expect(Object.keys(V8GcKind)).toContain(kind);
      expect(startTime).toBeGreaterThanOrEqual(from);
      expect(startTime + duration).toBeLessThanOrEqual(to);
      expect(duration).toBeGreaterThan(0);
      expect(flags).toBe(4); // forced
    }
    const { count, totalMs, maxMs, byKind } = hints.stats!;
    expect(count).toBe(events.length);
    expect(totalMs).toBeCloseTo(events.reduce((sum, { duration }) => sum + duration, 0));
    expect(maxMs).toBe(Math.max(...events.map(({ duration }) => duration)));
    expect(Object.values(byKind).reduce((sum, kind) => sum + kind.count, 0)).toBe(count);
  });

  test("a test's fake clock does not hold them back", async () => {
    vi.useFakeTimers({ toFake: ['performance', 'Date'] });
    try {
      vi.advanceTimersByTime(86_400_000);
      const hints = start({ stats: true });
      gc();
      await delivered(() => hints.stats!.count > 0);
    } finally {
      vi.useRealTimers();
    }
  });

  test('a copy: what was read does not change', async () => {
    const hints = start({ stats: true });
    const before = hints.stats!;
    gc();
    await delivered(() => hints.stats!.count > 0);
    expect(before.count).toBe(0);
    expect(before.byKind.markCompact.count).toBe(0);
  });

  test('stop() hands over what has not been delivered yet', () => {
    const hints = start({ stats: true });
    gc();
    const { count } = hints.stats!;
    hints.stop();
    expect(hints.stats!.count).toBeGreaterThanOrEqual(count);
    expect(hints.thread.status).toMatchObject({ code: 'ERR_SCHEDHINT_STOPPED' });
  });
});

test.each([['other'], [''], [null], [5]])('source %j is refused', (source) => {
  expect(() => startGcHints({ map, source } as never)).toThrow(
    expect.objectContaining({ name: 'TypeError', code: 'ERR_SCHEDHINT_OPTION' }),
  );
});
