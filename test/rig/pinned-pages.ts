// Reads the kernel's count of pinned pages, of the whole machine, and waits until it settles or falls.

import { readFileSync, writeFileSync } from 'node:fs';
import { until } from './until.js';

/** The number of pages that are pinned (FOLL_PIN) on the whole machine now. */
function pinned(): number {
  // The kernel sums its CPUs' counts up when this is written.
  writeFileSync('/proc/sys/vm/stat_refresh', '1');
  const counters = new Map(
    readFileSync('/proc/vmstat', 'utf8')
      .split('\n')
      .map((line) => line.split(' ') as [string, string]),
  );
  const counter = (name: string) => Number(counters.get(name));
  return counter('nr_foll_pin_acquired') - counter('nr_foll_pin_released');
}

/** The count of pinned pages once it stands still. */
export async function settledPins(): Promise<number> {
  let before = pinned();
  let same = 0;
  await until('the count of pinned pages stands still', () => {
    const now = pinned();
    same = now === before ? same + 1 : 0;
    before = now;
    return same >= 5;
  });
  return before;
}

/** Waits for the kernel, which unpins pages a while after it was asked to. */
export async function untilPinnedAtMost(most: number): Promise<void> {
  await until(`at most ${most} pages are pinned`, () => pinned() <= most, pinned);
}
