// Preloaded before schedhint/register, in every thread: keeps what perf_hooks reports of its
// collections, from before the first one that is published. See collections.mjs.

'use strict';
const { PerformanceObserver } = require('node:perf_hooks');

const entries = [];
new PerformanceObserver((list) => {
  for (const { startTime, duration, detail } of list.getEntries()) {
    entries.push({ end: startTime + duration, duration, kind: detail.kind });
  }
}).observe({ entryTypes: ['gc'] });

globalThis[Symbol.for('schedhint.demo.collections')] = entries;
