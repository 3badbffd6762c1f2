// Serves by node:http2, with (request, response)

import { createServer } from 'node:http2';
import { trackRequests } from 'schedhint';

async function answer(request) {
  if (request.url === '/vip') trackRequests().of(request)?.set({ urgency: 'critical' });
  if (request.url === '/fast') return 'fast';
  return hold();
}

const server = createServer((request, response) =>
  answer(request).then(
    (text) => response.end(text),
    () => response.writeHead(500).end(),
  ),
);
server.listen(0, '127.0.0.1', () => serving(server));
