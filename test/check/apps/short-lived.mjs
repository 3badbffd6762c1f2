// An app that makes many short-lived objects, and keeps them for some turns of the event loop: `gc` if the young generation is small.

const kept = [];
function turn() {
  for (let i = 0; i < 200; i++) kept.push(Array.from({ length: 50 }, (_, n) => ({ n })));
  if (kept.length > 4000) kept.splice(0, 2000);
  setImmediate(turn);
}
turn();
