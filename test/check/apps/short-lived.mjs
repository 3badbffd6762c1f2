// An app that makes many short-lived objects, and keeps so many arrays of them for some turns of the event loop: `gc` if its young
// generation is small, `threads` if V8's helpers share a CPU with it. Usage: short-lived.mjs [KEPT]

const KEPT = Number(process.argv[2] ?? 1000);
const kept = [];
function turn() {
  for (let i = 0; i < 200; i++) kept.push(Array.from({ length: 50 }, (_, n) => ({ n })));
  if (kept.length > KEPT) kept.splice(0, KEPT / 2);
  setImmediate(turn);
}
turn();
