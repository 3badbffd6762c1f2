// V8's own full collections of a thread, for those who ask what made an answer late: kept in memory that the main thread reads.

import { constants, PerformanceObserver, performance } from 'node:perf_hooks';

const MOST = 1000;

export const newRecord = () => new Float64Array(new SharedArrayBuffer(8 * (1 + 2 * MOST)));

/** Records those of the calling thread. @param {Float64Array} record */
export function recordMajorCollections(record) {
  const observer = new PerformanceObserver((list) => {
    const sinceOrigin = Number(process.hrtime.bigint()) / 1e6 - performance.now();
    for (const { startTime, duration, detail } of list.getEntries()) {
      if (detail.kind !== constants.NODE_PERFORMANCE_GC_MAJOR || record[0] === MOST) continue;
      record.set([sinceOrigin + startTime, duration], 1 + 2 * record[0]);
      record[0]++;
    }
  });
  observer.observe({ entryTypes: ['gc'] });
}

/** @param {Float64Array} record @returns {number[][]} of each when it began, ms of CLOCK_MONOTONIC, and how long it took, ms */
export const majorCollections = (record) =>
  Array.from({ length: record[0] }, (_, i) => [...record.slice(1 + 2 * i, 3 + 2 * i)]);
