// Both threads print what an application sees, as a line of JSON.

const { Worker, isMainThread } = require('node:worker_threads');
const { hintsOf, startGcHints } = require('schedhint');

if (isMainThread) hintsOf(new Worker(__filename)).urgency = 5;
const { thread, source } = startGcHints();
console.log(JSON.stringify({ source, ...thread.status }));
