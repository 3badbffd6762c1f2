// Serves by node:http2, with streams

import { createServer } from 'node:http2';
import { trackRequests } from 'schedhint';

async function answer(stream, path) {
  if (path === '/vip') trackRequests().of(stream)?.set({ urgency: 'critical' });
  if (path === '/fast') return 'fast';
  return hold();
}

const server = createServer();
server.on('stream', (stream, headers) => {
  stream.on('error', () => {});
  const end = (status, text) => {
    if (stream.destroyed) return;
    stream.respond({ ':status': status });
    stream.end(text);
  };
  answer(stream, headers[':path']).then(
    (text) => end(200, text),
    () => end(500),
  );
});
server.listen(0, '127.0.0.1', () => serving(server));
