// A server that stalls in its handler. It prints its port, when a request waits, and the stalls that the diagnostics channel gets.

const { subscribe } = require('node:diagnostics_channel');
const { createServer } = require('node:http');

const print = (value) => console.log(JSON.stringify(value));
subscribe('schedhint:stall', (stall) => print(stall));

function spinInHandler(ms) {
  for (const until = performance.now() + ms; performance.now() < until; );
}

const server = createServer((request, response) => {
  if (request.url.startsWith('/wait')) return print({ waits: true });
  spinInHandler(150);
  setTimeout(() => response.end(), 20);
});
server.listen(0, () => print({ port: server.address().port }));
process.stdin.resume().on('end', () => process.exit());
