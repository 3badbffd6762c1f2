// Measures many threads: binding up to 10,000, rebinding 1000 after the map was
// replaced, and the CPU time of the idle watcher thread.

import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import type { Bed } from '../bed.js';
import type { Effort } from '../effort.js';
import { BENCH_OBJECT, native } from '../native.js';
import type { Group, Row } from '../row.js';
import { summarize } from '../statistics.js';

const SIZES = [100, 1000, 10_000];
const REBOUND = 1000;

/** Threads take turns at binding themselves one way and the other, so both rows see the same machine. */
function binding(bed: Bed, { short }: Effort): Row[] {
  return SIZES.flatMap((count): Row[] => {
    const [byHand, ours] = [`scale.c-${count}`, `scale.attach-${count}`];
    const times = native.bindBothWays(bed.pin('schedhint'), short ? Math.min(count, 100) : count);
    if (typeof times === 'number') {
      const why = `${count} threads: errno ${-times}`;
      return [
        { id: byHand, why },
        { id: ours, why },
      ];
    }
    const unit = 'ns per thread';
    return [
      { id: byHand, unit, ...summarize(times[0]) },
      { id: ours, unit, against: byHand, ...summarize(times[1]) },
    ];
  });
}

/** Until all threads are bound again after the map was replaced, next to the calls that it needs. */
async function rebinding(bed: Bed, { short }: Effort): Promise<Row[]> {
  const map = bed.pin('schedhint');
  const error = native.keepBound(map, REBOUND);
  if (error !== 0) throw new Error(`${REBOUND} threads: errno ${-error}`);
  const ours: number[] = [];
  const byHand: number[] = [];
  for (let round = 0; round < (short ? 1 : 10); round++) {
    const next = native.pinAnother(BENCH_OBJECT, `${map}-next`);
    if (next < 0) throw new Error(`a second map: errno ${-next}`);
    ours.push(native.rebind(`${map}-next`, map, next) / 1e6);
    byHand.push(native.rebindByHand(next) / 1e6);
    native.closeMap(next);
    // The watcher looks ever more rarely, up to once a second: a scheduler is replaced after long.
    if (!short) await setTimeout(3000);
  }
  native.letGo();
  return [
    { id: `scale.rebind-c-${REBOUND}`, unit: 'ms', ...summarize(byHand) },
    {
      id: `scale.rebind-${REBOUND}`,
      unit: 'ms',
      against: `scale.rebind-c-${REBOUND}`,
      ...summarize(ours),
    },
  ];
}

/** Of one CPU, what the watcher's thread takes while nothing happens. */
async function idling(bed: Bed, { short }: Effort): Promise<Row> {
  native.keepBound(bed.pin('schedhint'), 1);
  const watcher = readdirSync('/proc/self/task').find((tid) => {
    try {
      return readFileSync(`/proc/self/task/${tid}/comm`, 'utf8') === 'schedhint-watch\n';
    } catch {
      return false; // it has ended since it was listed
    }
  });
  if (watcher === undefined) return { id: 'scale.watcher-idle', why: 'there is no watcher' };
  const ranNs = () =>
    Number(readFileSync(`/proc/self/task/${watcher}/schedstat`, 'utf8').split(' ')[0]);
  // What has just been given back is in quarantine for a second, and freed by the watcher.
  await setTimeout(short ? 0 : 2500);
  const shares: number[] = [];
  for (let i = 0; i < (short ? 1 : 5); i++) {
    const [ran, start] = [ranNs(), process.hrtime.bigint()];
    await setTimeout(short ? 10 : 1000);
    shares.push((100 * (ranNs() - ran)) / Number(process.hrtime.bigint() - start));
  }
  native.letGo();
  return { id: 'scale.watcher-idle', unit: '% of a CPU', ...summarize(shares) };
}

export const scale: Group = {
  name: 'scale',
  ids: [
    ...SIZES.flatMap((count) => [`scale.c-${count}`, `scale.attach-${count}`]),
    `scale.rebind-c-${REBOUND}`,
    `scale.rebind-${REBOUND}`,
    'scale.watcher-idle',
  ],
  async measure(bed, effort) {
    if (bed.why !== null) return scale.ids.map((id) => ({ id, why: bed.why! }));
    return [...binding(bed, effort), ...(await rebinding(bed, effort)), await idling(bed, effort)];
  },
};
