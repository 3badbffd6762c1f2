import { PerformanceObserver } from 'node:perf_hooks';
import { type GcHints, startGcHints } from 'schedhint';
import type { Bed } from '../bed.js';
import type { Effort } from '../effort.js';
import { interleave } from '../interleave.js';
import { native } from '../native.js';
import type { Group, Row } from '../row.js';
import { shuffle } from '../shuffle.js';
import { intervalOfMean, summarize } from '../statistics.js';

/**
 * So many hooks at once that what one costs shows in a collection of a tenth of a millisecond, and
 * few enough to have room in the processor's first cache.
 */
const HOOKS = 50;
/** Collections differ by more than that, but they are short, so there can be many. */
const ROUNDS = 50;
const WARM_UP = 10;
/** The turns after which perf_hooks has delivered a collection. */
const TURNS = 3;
/** How long one sample of the loop runs, and how often it allocates in a turn. */
const LOOP_MS = 50;
const OBJECTS = 500;

const collect = globalThis.gc as unknown as (options: { type: 'minor' }) => void;
const turn = () => new Promise<void>((resolve) => setImmediate(resolve));
const now = () => Number(process.hrtime.bigint());

/** The difference between a collection with so many hooks and one without, for one hook. */
function hookCost(id: string, install: (count: number) => number, { samples }: Effort): Row {
  const timeOf = (hooks: number) => {
    if (install(hooks) < 0) throw new Error('this runtime has no V8 callbacks');
    const start = now();
    collect({ type: 'minor' });
    const ns = now() - start;
    install(0);
    return ns;
  };
  const added: number[] = [];
  try {
    // Until collections take as long as they will from then on, nothing is kept.
    for (let round = -WARM_UP * samples; round < ROUNDS * samples; round++) {
      const withFirst = round % 2 === 0;
      const first = timeOf(withFirst ? HOOKS : 0);
      const second = timeOf(withFirst ? 0 : HOOKS);
      if (round >= 0) added.push((withFirst ? first - second : second - first) / HOOKS);
    }
  } catch (error) {
    return { id, why: (error as Error).message };
  }
  return { id, unit: 'ns', against: 'gc.two-clocks', ...summarize(added) };
}

/** An observer that does nothing but look at each entry, as a metrics library does. */
function observe(): PerformanceObserver {
  const observer = new PerformanceObserver((list) => {
    for (const { duration } of list.getEntries()) longest = Math.max(longest, duration);
  });
  observer.observe({ entryTypes: ['gc'] });
  return observer;
}
let longest = 0;

/** The same for a collection and the turns in which an observer is told of it. */
async function observerCost({ samples }: Effort): Promise<Row> {
  const timeOf = async () => {
    const start = now();
    collect({ type: 'minor' });
    for (let i = 0; i < TURNS; i++) await turn();
    return now() - start;
  };
  const added: number[] = [];
  for (let round = 0; round < samples; round++) {
    const without = await timeOf();
    const observer = observe();
    const observed = await timeOf();
    observer.disconnect();
    added.push(observed - without);
  }
  return { id: 'gc.perf-hooks', unit: 'ns', against: 'gc.two-clocks', ...summarize(added) };
}

const KINDS = ['none', 'hook', 'perf-hooks'] as const;
type Kind = (typeof KINDS)[number];

let kept: object[] = [];

/** Turns of the event loop in a second, each of which allocates. */
async function throughput(ms: number): Promise<number> {
  let turns = 0;
  const start = now();
  const end = start + ms * 1e6;
  while (now() < end) {
    const objects = [];
    for (let i = 0; i < OBJECTS; i++) objects.push({ turn: turns, index: i, text: `${i}` });
    kept = objects;
    turns++;
    await turn();
  }
  return turns / ((now() - start) / 1e9);
}

/** One after the other in each round; what is lost is known from the rounds, each by itself. */
async function loops(bed: Bed, effort: Effort): Promise<Row[]> {
  const ms = effort.short ? 5 : LOOP_MS;
  const rounds = effort.short ? 3 : 200;
  const turns: Record<Kind, number[]> = { none: [], hook: [], 'perf-hooks': [] };
  await throughput(effort.short ? 5 : 500); // compiled
  for (let round = 0; round < rounds; round++) {
    for (const kind of shuffle([...KINDS])) {
      const stop = start(kind, bed);
      turns[kind].push(await throughput(ms));
      stop();
    }
  }
  const lost = (kind: Kind) => turns[kind].map((count, i) => 100 * (1 - count / turns.none[i]!));
  return [
    ...KINDS.map((kind) => ({
      id: `gc.loop-${kind}`,
      unit: 'turns/s',
      against: kind === 'none' ? undefined : 'gc.loop-none',
      ...summarize(turns[kind]),
    })),
    { id: 'gc.loop-hook-loss', unit: '% (95 % interval)', ...intervalOfMean(lost('hook')) },
    {
      id: 'gc.loop-perf-hooks-loss',
      unit: '% (95 % interval)',
      ...intervalOfMean(lost('perf-hooks')),
    },
  ];
}

function start(kind: Kind, bed: Bed): () => void {
  if (kind === 'none') return () => {};
  if (kind === 'perf-hooks') {
    const observer = observe();
    return () => observer.disconnect();
  }
  const hints: GcHints = startGcHints({ map: bed.pin('schedhint') });
  return () => hints.stop();
}

export const collection: Group = {
  name: 'collection',
  ids: [
    'gc.two-clocks',
    'gc.hook',
    'gc.hook-empty',
    'gc.perf-hooks',
    'gc.loop-none',
    'gc.loop-hook',
    'gc.loop-perf-hooks',
    'gc.loop-hook-loss',
    'gc.loop-perf-hooks-loss',
  ],
  async measure(bed, effort) {
    const clocks = interleave([{ id: 'gc.two-clocks', run: native.readTwoClocks }], effort);
    const rows = [
      ...clocks,
      hookCost('gc.hook', native.installHooks, effort),
      hookCost('gc.hook-empty', native.installEmptyHooks, effort),
      await observerCost(effort),
    ];
    const looped = await loops(bed, effort);
    if (kept.length === 0) throw new Error('the loop has not run');
    return [...rows, ...looped];
  },
};
