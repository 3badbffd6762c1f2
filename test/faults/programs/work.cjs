// What the app does for a living: a sum that anybody can check, and garbage on the way to it. Loaded
// by each thread of the app, and by the table to check it.

const STEPS = 1000;

function round(state) {
  const list = [];
  let x = state;
  for (let i = 0; i < STEPS; i++) {
    x = (Math.imul(x, 1664525) + 1013904223) | 0;
    list.push({ x, text: `${i}` });
  }
  return list.reduce((sum, item) => (Math.imul(sum, 31) + item.x) | 0, state);
}

/** A round every `everyMs` until it is stopped; then how many there were, and their result. */
function startWork(everyMs) {
  let rounds = 0;
  let result = 1;
  const timer = setInterval(() => {
    result = round(result);
    rounds++;
  }, everyMs);
  return {
    get rounds() {
      return rounds;
    },
    stop() {
      clearInterval(timer);
      return { rounds, result };
    },
  };
}

function resultOf(rounds) {
  let result = 1;
  for (let i = 0; i < rounds; i++) result = round(result);
  return result;
}

module.exports = { startWork, resultOf };
