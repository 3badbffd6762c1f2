// An application that knows nothing of schedhint: it collects garbage and goes on until stdin ends.

let survivors = [];
for (let i = 0; i < 1_000_000; i++) {
  survivors.push({ i, list: [i] });
  if (survivors.length > 100_000) survivors = [];
}
console.log(JSON.stringify({ pid: process.pid }));
process.stdin.resume();
