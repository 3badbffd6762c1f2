// An app that holds 60 MB and replaces parts of it: `gc` if its heap may be hardly larger.

const OBJECTS = 9000;
const held = Array.from({ length: OBJECTS }, chunk);
function chunk() {
  return Array.from({ length: 100 }, (_, n) => ({ n, text: `${n}` }));
}
function turn() {
  for (let i = 0; i < 100; i++) held[Math.floor(Math.random() * OBJECTS)] = chunk();
  setTimeout(turn, 5);
}
turn();
