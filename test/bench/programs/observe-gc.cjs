// What an application does to know of its collections without schedhint.
const { PerformanceObserver } = require('node:perf_hooks');

new PerformanceObserver((list) => list.getEntries()).observe({ entryTypes: ['gc'] });
