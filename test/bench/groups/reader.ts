// Measures the run time of the observer's BPF program at a context switch, with none, one or both of the two threads bound.

import { Observer } from '../../rig/observer-process.js';
import { native } from '../native.js';
import type { Group } from '../row.js';
import { shuffle } from '../shuffle.js';
import { summarize } from '../statistics.js';

/** How many of the two threads that switch are bound, by the row that it makes. */
const BOUND = { 'reader.switch-0': 0, 'reader.switch-1': 1, 'reader.switch-all': 2 };
const ids = Object.keys(BOUND) as (keyof typeof BOUND)[];
const PROGRAM = 'observe_switch';

export const reader: Group = {
  name: 'reader',
  ids,
  async measure(bed, { short }) {
    if (bed.why !== null) return ids.map((id) => ({ id, why: bed.why! }));
    const map = `${bed.pin('schedhint')}-observed`;
    const observer = await Observer.start(map);
    const statistics = native.enableRunTimeStatistics();
    const times = new Map(ids.map((id) => [id, [] as number[]]));
    for (let round = 0; round < (short ? 1 : 20); round++) {
      for (const id of shuffle([...ids])) {
        const [nsBefore, runsBefore] = native.runTimeOf(PROGRAM);
        const error = native.switchBetween(map, BOUND[id], short ? 100 : 5000);
        if (error !== 0) throw new Error(`${id}: errno ${-error}`);
        const [ns, runs] = native.runTimeOf(PROGRAM);
        times.get(id)!.push((ns - nsBefore) / (runs - runsBefore));
      }
    }
    native.closeMap(statistics);
    await observer.stop();
    return ids.map((id) => ({
      id,
      unit: 'ns',
      against: id === 'reader.switch-0' ? undefined : 'reader.switch-0',
      ...summarize(times.get(id)!),
    }));
  },
};
