// Uses all the CPU time that it gets, so that the scheduler has to choose. Ends with its stdin, which is
// to say with the process that started it.

process.stdin.resume().once('end', () => process.exit());

function turn() {
  const until = performance.now() + 20;
  while (performance.now() < until);
  setImmediate(turn);
}
turn();
