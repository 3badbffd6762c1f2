// Hints from code: what the kernel has to see is the urgency, and collections.

import { attachThread, startGcHints } from 'schedhint';

const thread = attachThread();
thread.hints.urgency = 900;
const { source } = startGcHints();
const { code = null, reason = null } = thread.status;

globalThis.kept = [];
setInterval(() => {
  globalThis.kept = Array.from({ length: 20_000 }, (_, i) => ({ i }));
}, 5);
console.log(JSON.stringify({ source, code, reason }));
process.stdin.resume().once('end', () => process.exit(0));
