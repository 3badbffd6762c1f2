// Asks an HTTP server as fast as it answers, on some connections, until it is killed. argv: the path of its socket.

const { connect } = require('node:net');

const CONNECTIONS = 16;
const REQUEST = 'GET /orders/7 HTTP/1.1\r\nHost: bench\r\n\r\n';

for (let i = 0; i < CONNECTIONS; i++) {
  const socket = connect(process.argv[2], () => socket.write(REQUEST));
  // A response as short as this one comes whole.
  socket.on('data', () => socket.write(REQUEST));
  socket.on('error', () => {});
}
