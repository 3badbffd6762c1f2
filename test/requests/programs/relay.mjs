// A relay before a server. The client's own socket belongs to its HTTP/2 session, and Node.js does
// not always close it; what the relay does to its connection to the server happens immediately.

import { once } from 'node:events';
import { connect, createServer } from 'node:net';

/** `wire` is the socket to the server. After `cut` bytes of the client, if any, it is reset. */
export async function relayTo(port, cut) {
  const wire = connect({ port, host: '127.0.0.1' });
  wire.on('error', () => {});
  let isGone = false;
  const gone = new Promise((resolve) => wire.once('close', resolve));
  gone.then(() => (isGone = true));
  let left = cut ?? Number.POSITIVE_INFINITY;
  const sockets = [];
  const server = createServer((client) => {
    sockets.push(client);
    client.on('error', () => {});
    client.on('data', (bytes) => {
      wire.write(bytes.subarray(0, Math.min(left, bytes.length)));
      left -= bytes.length;
      if (left <= 0) wire.resetAndDestroy();
    });
    wire.on('data', (bytes) => client.write(bytes));
    wire.once('close', () => client.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const close = async () => {
    wire.destroy();
    await gone;
    for (const socket of sockets) socket.destroy();
    server.close();
  };
  return {
    port: server.address().port,
    wire,
    gone,
    isGone: () => isGone,
    isCut: () => left <= 0,
    close,
  };
}
