// Hints without code: what the kernel has to see are collections.

import 'schedhint/register';

globalThis.kept = [];
setInterval(() => {
  globalThis.kept = Array.from({ length: 20_000 }, (_, i) => ({ i }));
}, 5);
console.log('{}');
process.stdin.resume().once('end', () => process.exit(0));
