// Prints, as a line of JSON, what each of the hooks of a kind adds to collections: the differences
// between one with the hooks and one without. Its own process, which groups/collection.ts starts.

import { native } from './native.js';

const [kind, rounds] = process.argv.slice(2);
const install = native[kind as 'installHooks' | 'installEmptyHooks'];

/**
 * So many hooks at the same time that what one costs shows in a collection of a tenth of a millisecond, and
 * few enough to have room in the processor's first cache.
 */
const HOOKS = 50;
/** Collections, until they take as long as they will from then on. */
const WARM_UP = 1000;

const collect = globalThis.gc as unknown as (options: { type: 'minor' }) => void;
const now = () => Number(process.hrtime.bigint());

function timeOf(hooks: number): number {
  if (install(hooks) < 0) throw new Error('this runtime has no V8 callbacks');
  const start = now();
  collect({ type: 'minor' });
  const ns = now() - start;
  install(0);
  return ns;
}

const added: number[] = [];
for (let round = -WARM_UP; round < Number(rounds); round++) {
  const withFirst = round % 2 === 0;
  const first = timeOf(withFirst ? HOOKS : 0);
  const second = timeOf(withFirst ? 0 : HOOKS);
  if (round >= 0) added.push((withFirst ? first - second : second - first) / HOOKS);
}
console.log(JSON.stringify(added));
