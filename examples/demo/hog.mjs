// Wants a CPU, all of the time, so that the scheduler has to choose. Ends with its stdin, which is
// to say with whoever started it.

process.stdin.resume().once('end', () => process.exit());

function turn() {
  const until = performance.now() + 20;
  while (performance.now() < until);
  setImmediate(turn);
}
turn();
