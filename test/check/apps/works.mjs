// An app that computes for about 30 of every 100 ms, in small pieces: much for a small quota, or next to others on one CPU.

const PIECES = 6;
const ROUNDS = 4e6; // about 5 ms

const kept = new Int32Array(1);
function piece(left) {
  let sum = kept[0];
  for (let i = 0; i < ROUNDS; i++) sum = (sum * 31 + i) | 0;
  kept[0] = sum;
  if (left > 1) setImmediate(piece, left - 1);
}
setInterval(piece, 100, PIECES);
