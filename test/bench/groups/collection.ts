// Measures the cost of observing garbage collections, by the addon's GC hook and by perf_hooks:
// nanoseconds for a collection, and lost throughput of an allocating event loop.

import { spawnSync } from 'node:child_process';
import { PerformanceObserver } from 'node:perf_hooks';
import { fileURLToPath } from 'node:url';
import { type GcHints, startGcHints } from 'schedhint';
import type { Bed } from '../bed.js';
import type { Effort } from '../effort.js';
import { interleave } from '../interleave.js';
import { native } from '../native.js';
import type { Group, Row } from '../row.js';
import { shuffle } from '../shuffle.js';
import { intervalOfMean, summarize } from '../statistics.js';

const HOOK_COST = fileURLToPath(new URL('../hook-cost.ts', import.meta.url));
/** Over which a hook is measured: the placement in memory and conflicts in the caches differ between processes. */
const PROCESSES = 5;
/** Collections differ by more than hooks cost, but they are short, so there can be many. */
const ROUNDS = 10;
/** The turns after which perf_hooks has delivered a collection. */
const TURNS = 3;
/** How long one sample of the loop runs, and how often it allocates in a turn. */
const LOOP_MS = 50;
const OBJECTS = 500;

const collect = globalThis.gc as unknown as (options: { type: 'minor' }) => void;
const turn = () => new Promise<void>((resolve) => setImmediate(resolve));
const now = () => Number(process.hrtime.bigint());

/** What one hook adds to a collection, over some processes. */
function hookCost(
  id: string,
  kind: 'installHooks' | 'installEmptyHooks',
  { samples }: Effort,
): Row {
  const added: number[] = [];
  for (let i = 0; i < PROCESSES; i++) {
    const { status, stdout } = spawnSync(
      process.execPath,
      [...process.execArgv, HOOK_COST, kind, String(ROUNDS * samples)],
      { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] },
    );
    if (status !== 0) return { id, why: 'the process that measures it failed' };
    added.push(...(JSON.parse(stdout) as number[]));
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

/** The same for a collection and the turns in which an observer is informed of it. */
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

/** One after the other in each round; what is lost is known from the rounds, each on its own. */
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
      hookCost('gc.hook', 'installHooks', effort),
      hookCost('gc.hook-empty', 'installEmptyHooks', effort),
      await observerCost(effort),
    ];
    const looped = await loops(bed, effort);
    if (kept.length === 0) throw new Error('the loop has not run');
    return [...rows, ...looped];
  },
};
