// An app that does on a line of its stdin what is asked for: `collect COUNT`, or `block COUNT` (100 ms each). Prints a line when it is done.

const { createInterface } = require('node:readline');

const DO = {
  collect: () => globalThis.gc(),
  block() {
    const end = performance.now() + 100;
    while (performance.now() < end);
  },
};

createInterface({ input: process.stdin }).on('line', async (line) => {
  const [what, count] = line.split(' ');
  for (let i = 0; i < Number(count); i++) {
    await new Promise((resolve) => setTimeout(resolve, 20));
    DO[what]();
  }
  console.log(JSON.stringify({ done: line }));
});
console.log(JSON.stringify({ ready: true }));
